import Glibc
import Reactor
import Testing

@testable import Worker

@Suite struct `The metrics listener` {
    private static let anyPort = HostPort(host: "127.0.0.1", port: 0)

    private static func page(_ path: String) -> MetricsPage? {
        path == "/metrics" ? .init(status: 200, type: "text/plain", body: Array("x 1\n".utf8)) : nil
    }

    private func answer(_ head: String) -> String? {
        var request = MetricsRequest()
        return request.receive(Array(head.utf8)[...], Self.page).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (
            "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\nx 1\n"
        ),
        (
            "HEAD /metrics?a=b HTTP/1.0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
        ),
        (
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
        (
            "POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
        (
            "TRACE /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
        ("GET /metrics\r\n\r\n", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        ("GET /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        (
            "GET / HTTP/1.0\r\nX: \(String(repeating: "x", count: 8192))\r\n\r\n",
            "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
    ])
    func `A request is answered`(head: String, expected: String) {
        #expect(answer(head) == expected)
    }

    @Test func `A request that arrives in parts is answered when its head is complete`() {
        var request = MetricsRequest()
        for part in ["GE", "T /metrics HTTP/1.0\r", "\n\r"] {
            #expect(request.receive(Array(part.utf8)[...], Self.page) == nil)
        }
        let answer = request.receive(Array("\n".utf8)[...], Self.page)
        #expect(answer.map { String(decoding: $0, as: UTF8.self) }?.hasSuffix("\r\n\r\nx 1\n") == true)
    }

    @Test func `The listener serves one connection after the other, and a silent one does not block it for long`()
        throws
    {
        let listener = try MetricsListener(Self.anyPort, page: Self.page)
        let silent = try connect(listener.port)
        defer { close(silent) }
        for _ in 0..<3 {
            let connection = try connect(listener.port)
            defer { close(connection) }
            let request = Array("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
            #expect(send(connection, request, request.count, 0) == request.count)
            var reply: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1024)
            while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 { reply += buffer[..<count] }
            #expect(String(decoding: reply, as: UTF8.self).hasSuffix("\r\n\r\nx 1\n"))
        }
        listener.stop()
        #expect(throws: (any Error).self) { try connect(listener.port) }
    }

    @Test func `The error names a host that is unknown`() {
        let error = #expect(throws: MetricsListener.Failure.self) {
            try MetricsListener(HostPort(host: "no.such.host.invalid", port: 80), page: Self.page)
        }
        #expect(error?.description.contains("no.such.host.invalid") == true)
    }

    @Test func `The error names a port that is in use`() throws {
        let listener = try MetricsListener(Self.anyPort, page: Self.page)
        defer { listener.stop() }
        let error = #expect(throws: MetricsListener.Failure.self) {
            try MetricsListener(HostPort(host: "127.0.0.1", port: listener.port), page: Self.page)
        }
        #expect(error?.description.hasPrefix("cannot listen on 127.0.0.1:\(listener.port): ") == true)
        #expect(error?.description.contains("Address already in use") == true)
    }

    private struct Refused: Error {}

    private func connect(_ port: UInt16) throws -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            close(descriptor)
            throw Refused()
        }
        return descriptor
    }
}
