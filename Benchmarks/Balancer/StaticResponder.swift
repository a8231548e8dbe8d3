internal import Reactor

/// The FastCGI application behind each program. It answers each request with the same prepared response.
///
/// It does not use libfcgi, which needs a thread for each connection: the threads would compete with the measured
/// program. Its records are like those of libfcgi, whose buffer holds 8 KiB.
final class StaticResponder: EventHandler {
    let loop: EventLoop
    let address: SocketAddress
    private let listener: ListeningSocket
    private(set) var reply: [UInt8] = []
    /// The offsets of the records in ``reply``.
    private(set) var records: [Int] = []
    /// Increases with each new ``reply``. A connection that stays open between scenarios compares it with its own value
    /// to notice the new response.
    private(set) var generation = 0

    init(on loop: EventLoop, at path: String) throws {
        self.loop = loop
        address = .unix(path)
        listener = try ListeningSocket.listen(on: address)
        _ = try loop.add(listener: listener.descriptor, self)
    }

    /// Prepares the response for the requests from now on.
    func answer(withBodyOf size: Int) {
        generation += 1
        let head = "Content-Type: application/json\r\nContent-Length: \(size)\r\n\r\n"
        let content = Array(head.utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: size)
        reply = []
        records = []
        var start = 0
        while start < content.count {
            let end = min(content.count, start + 8184)
            begin(6, end - start)  // FCGI_STDOUT
            reply += content[start..<end]
            start = end
        }
        begin(6, 0)
        begin(3, 8)  // FCGI_END_REQUEST
        reply += [UInt8](repeating: 0, count: 8)
    }

    private func begin(_ type: UInt8, _ count: Int) {
        records.append(reply.count)
        reply += [1, type, 0, 1, UInt8(count >> 8), UInt8(count & 255), 0, 0]
    }

    func handle(_ readiness: Readiness) {
        while case .connection(let socket, _) = listener.accept() { ResponderConnection(socket, self).start() }
    }
}
