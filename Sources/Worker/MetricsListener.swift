internal import Glibc
internal import Reactor
internal import Threading

/// A tiny HTTP server for Prometheus's scrapes: one thread, one connection at a time, `GET` only, and every connection
/// is closed after its answer.
package final class MetricsListener: Sendable {
    /// Why an address cannot be listened on.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    struct Page: Sendable {
        var status: String
        var type: String
        var body: [UInt8]
    }

    /// For a whole request to arrive, and for its answer to be taken; milliseconds.
    private static let patience: CInt = 2000
    private static let longestHead = 8192

    let port: UInt16
    private let thread: NamedThread
    private let end = EventFD()

    /// - Parameters:
    ///   - place: port 0: the system chooses.
    ///   - page: the answer for a path; `nil`: there is none.
    init(_ place: HostPort, page: @escaping @Sendable (String) -> Page?) throws(Failure) {
        let listener: ListeningSocket
        do {
            listener = try ListeningSocket.listen(on: place.addresses()[0], .init(ipv6Only: false))
        } catch {
            throw Failure(description: "cannot listen on \(place): \(error)")
        }
        port = listener.localAddress?.port ?? place.port
        let (descriptor, end) = (listener.descriptor, end)
        thread = NamedThread("metrics") {
            defer {
                // First for everyone: a child being started may hold a copy of the descriptor for a moment.
                shutdown(descriptor, CInt(SHUT_RDWR))
                close(descriptor)
            }
            while Self.wait(for: descriptor, or: end.descriptor) {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else {
                    // Out of descriptors, perhaps: it stays readable, and this must not become a busy loop.
                    if errno == EMFILE || errno == ENFILE { usleep(100_000) }
                    continue
                }
                Self.serve(connection, page)
                close(connection)
            }
        }
    }

    /// Ends the thread. Once.
    func stop() {
        end.signal()
        thread.join()
    }

    /// - Returns: `false` at the end.
    private static func wait(for listener: CInt, or end: CInt) -> Bool {
        var descriptors = [
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0), pollfd(fd: end, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&descriptors, 2, -1) < 0 {}
        return descriptors[1].revents == 0
    }

    private static func serve(_ connection: CInt, _ page: (String) -> Page?) {
        var limit = timeval(tv_sec: Int(patience / 1000), tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard let head = readHead(connection) else { return }
        let answer = answer(head, page)
        var rest = answer[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// The request up to its empty line, within the time and the size allowed.
    private static func readHead(_ connection: CInt) -> [UInt8]? {
        let deadline = ContinuousClock.now + .milliseconds(Int(patience))
        var head: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 2048)
        while head.count < longestHead {
            let left = (deadline - .now) / .milliseconds(1)
            var descriptor = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&descriptor, 1, CInt(left) + 1) > 0 else { return nil }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            head.append(contentsOf: buffer[..<count])
            if String(decoding: head, as: UTF8.self).contains("\r\n\r\n") { return head }
        }
        return nil
    }

    /// The whole response to a request.
    static func answer(_ head: [UInt8], _ page: (String) -> Page?) -> [UInt8] {
        let line = head.split(separator: UInt8(ascii: "\r"), maxSplits: 1).first ?? []
        let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return response("400 Bad Request") }
        guard words[0] == "GET" || words[0] == "HEAD" else {
            return response("405 Method Not Allowed", "Allow: GET, HEAD")
        }
        guard let page = page(String(words[1].prefix { $0 != "?" })) else { return response("404 Not Found") }
        let head = response(page.status, "Content-Type: \(page.type)", length: page.body.count)
        return words[0] == "GET" ? head + page.body : head
    }

    private static func response(_ status: String, _ field: String? = nil, length: Int = 0) -> [UInt8] {
        let fields = ["HTTP/1.1 \(status)", field, "Content-Length: \(length)", "Connection: close", "", ""]
        return Array(fields.compactMap(\.self).joined(separator: "\r\n").utf8)
    }
}
