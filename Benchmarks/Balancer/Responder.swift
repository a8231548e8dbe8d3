internal import Reactor

/// The FastCGI application behind every program: it answers whatever is asked with one reply made before.
///
/// Not on libfcgi: that takes a thread for each connection, and the threads would compete with what is measured. The
/// records are those that libfcgi writes, whose buffer holds 8 KiB.
final class Responder: EventHandler {
    let loop: EventLoop
    let address: SocketAddress
    private let listener: ListeningSocket
    private(set) var reply: [UInt8] = []
    /// Where records begin in ``reply``.
    private(set) var records: [Int] = []
    /// Tells connections that are kept from one scenario to the next that there is another reply.
    private(set) var generation = 0

    init(on loop: EventLoop, at path: String) throws {
        self.loop = loop
        address = .unix(path)
        listener = try ListeningSocket.listen(on: address)
        _ = try loop.add(listener: listener.descriptor, self)
    }

    /// What is answered from now on.
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
