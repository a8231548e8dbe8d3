import Glibc
import Reactor
import TestSupport

/// A client that sends exactly the bytes that a test gives it.
final class RawClient {
    struct Response {
        var status = 0
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []

        func field(_ name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Failure: Error { let what: String }

    let descriptor: CInt
    private var received: [UInt8] = []

    /// - Parameter receiveBuffer: the size of the socket's receive buffer in bytes. A slow client has a small buffer.
    init(_ address: String, receiveBuffer: CInt? = nil) throws {
        let target = SocketAddress(address)!
        let (socket, _) = try Socket.connect(to: target)
        descriptor = socket.descriptor
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&poller, 1, 5000)
        setBlocking(descriptor)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<CInt>.size))
        }
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        bytes.withUnsafeBytes { raw in
            while sent < raw.count {
                let count = Glibc.send(descriptor, raw.baseAddress! + sent, raw.count - sent, CInt(MSG_NOSIGNAL))
                if count <= 0 { return }
                sent += count
            }
        }
    }

    func endOfInput() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// - Returns: false at the end of the input.
    func receive() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0 {
            if errno == ECONNRESET { return false }
            throw Failure(what: "recv: \(String(cString: strerror(errno)))")
        }
        received += chunk[..<count]
        return count > 0
    }

    /// Reads until the balancer closes the connection.
    func readToEnd() throws -> String {
        while try receive() {}
        return String(decoding: received, as: UTF8.self)
    }

    /// Waits until `count` bytes have arrived, and reads none of them.
    func waitForUnread(_ count: Int) throws {
        try eventually("\(count) bytes have arrived") {
            var unread: CInt = 0
            _ = ioctl(descriptor, UInt(FIONREAD), &unread)
            return unread >= count
        }
    }

    /// Waits until the balancer sends a byte or closes the connection.
    /// - Returns: whether the balancer has closed the connection without sending another byte.
    func endsWithoutResponse() throws -> Bool { received.isEmpty ? try !receive() : false }

    /// Reads the next response with its body.
    func response(isHead: Bool = false) throws -> Response {
        var response = Response()
        let head = String(decoding: try take(until: "\r\n\r\n"), as: UTF8.self)
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 ") else {
            throw Failure(what: "no status line: \(head)")
        }
        response.status = Int(first.dropFirst(9).prefix(3)) ?? 0
        for line in lines.dropFirst() {
            let colon = line.firstIndex(of: ":")!
            response.fields.append((String(line[..<colon]), String(line[line.index(colon, offsetBy: 2)...])))
        }
        if response.status == 100 || isHead || response.status == 204 || response.status == 304 { return response }
        if let length = response.field("Content-Length") {
            response.body = try take(Int(length)!)
        } else if response.field("Transfer-Encoding") == "chunked" {
            while true {
                let size = String(decoding: try take(until: "\r\n").dropLast(2), as: UTF8.self)
                let count = Int(size, radix: 16)!
                response.body += try take(count)
                _ = try take(2)
                if count == 0 { break }
            }
        } else {
            while try receive() {}
            response.body = received
            received = []
        }
        return response
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while received.count < count {
            if try !receive() { throw Failure(what: "the connection ended \(count - received.count) bytes early") }
        }
        let taken = Array(received.prefix(count))
        received.removeFirst(count)
        return taken
    }

    private func take(until mark: String) throws -> [UInt8] {
        let mark = Array(mark.utf8)
        var start = 0
        while true {
            if received.count >= mark.count {
                var index = start
                while index + mark.count <= received.count {
                    if received[index] == mark[0], Array(received[index..<index + mark.count]) == mark {
                        return try take(index + mark.count)
                    }
                    index += 1
                }
                start = max(0, received.count - mark.count)
            }
            if try !receive() {
                throw Failure(what: "the connection ended within a head: \(String(decoding: received, as: UTF8.self))")
            }
        }
    }
}
