import FastCGIWire
import Glibc
import JSON
import Reactor

/// The web server's side of a FastCGI connection. All its functions block.
final class FastCGIClient: @unchecked Sendable {
    let descriptor: CInt
    private var exchange = FastCGIClientMachine()
    private var received: [UInt8] = []

    struct Reply: Sendable {
        var status = 0
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        /// Whether the connection can carry another request.
        var isReusable = false

        var text: String { String(decoding: body, as: UTF8.self) }
        func json() throws -> JSONValue { try JSONValue(parsing: body) }
    }

    struct Disconnected: Error {}

    /// - Parameter timeout: the timeout of each read, in seconds.
    init(_ address: SocketAddress, timeout: Int = 30) throws {
        (descriptor, _) = try Self.connect(address)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    private static func connect(_ address: SocketAddress) throws -> (CInt, Bool) {
        let (socket, state) = try Socket.connect(to: address)
        if state == .inProgress {
            var poll = pollfd(fd: socket.descriptor, events: Int16(POLLOUT), revents: 0)
            Glibc.poll(&poll, 1, 5000)
            guard socket.pendingError == 0 else {
                socket.close()
                throw Disconnected()
            }
        }
        return (socket.descriptor, true)
    }

    /// Sends a request and reads its reply.
    func call(
        _ method: String, _ target: String, _ body: [UInt8] = [], headers: [String: String] = [:],
        variables: [String: String?] = [:], keeps: Bool = true
    ) throws -> Reply {
        try send(method, target, body, headers: headers, variables: variables, keeps: keeps)
        return try reply()
    }

    func call(
        _ method: String, _ target: String, json: String, headers: [String: String] = [:],
        variables: [String: String?] = [:]
    ) throws -> Reply {
        try call(
            method, target, Array(json.utf8),
            headers: headers.merging(["Content-Type": "application/json"]) { first, _ in first }, variables: variables)
    }

    /// - Parameter variables: these override the default CGI variables. The value `nil` removes a variable.
    func send(
        _ method: String, _ target: String, _ body: [UInt8] = [], headers: [String: String] = [:],
        variables: [String: String?] = [:], keeps: Bool = true
    ) throws {
        try write(request(method, target, body, headers: headers, variables: variables, keeps: keeps))
    }

    /// The bytes of a request.
    func request(
        _ method: String, _ target: String, _ body: [UInt8] = [], headers: [String: String] = [:],
        variables: [String: String?] = [:], keeps: Bool = true
    ) -> [UInt8] {
        var environment: [String: String?] = [
            "REQUEST_METHOD": method, "REQUEST_URI": target, "SERVER_PROTOCOL": "HTTP/1.1",
            "QUERY_STRING": String(target.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""),
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": body.isEmpty ? "" : String(body.count), "CONTENT_TYPE": headers["Content-Type"] ?? "",
        ]
        for (name, value) in headers {
            environment["HTTP_" + name.uppercased().replacing("-", with: "_")] = value
        }
        for (name, value) in variables { environment[name] = value }
        var out: [UInt8] = []
        exchange.begin(keepsConnection: keeps, isHead: method == "HEAD", into: &out)
        for case (let name, let value?) in environment {
            let (name, value) = (Array(name.utf8), Array(value.utf8))
            exchange.encoder.param(name.span, value.span, into: &out)
        }
        exchange.encoder.endParams(into: &out)
        exchange.encoder.body(body.span, into: &out)
        exchange.encoder.endBody(into: &out)
        return out
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress!, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Disconnected() }
            rest = rest.dropFirst(count)
        }
    }

    func reply() throws -> Reply {
        var reply = Reply()
        while true {
            var position = 0
            let bytes = received
            reading: while true {
                switch try exchange.next(bytes.span, from: &position) {
                case .head:
                    reply.status = exchange.head.status
                    for field in exchange.head.fields {
                        reply.headers[exchange.head.text(field.name).lowercased()] = exchange.head.text(field.value)
                    }
                case .body(let range): reply.body += bytes[range]
                case .diagnostics: break
                case .end(let isReusable):
                    received.removeFirst(position)
                    reply.isReusable = isReusable
                    return reply
                case .rejected: throw Disconnected()
                case .needsMore: break reading
                }
            }
            received.removeFirst(position)
            guard let more = try readSome() else { throw Disconnected() }
            received += more
        }
    }

    /// Waits for bytes. Returns `nil` if the node has closed the connection.
    func readSome() throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else {
            if errno == ECONNRESET { return nil }
            throw SystemError("recv")
        }
        return count == 0 ? nil : Array(buffer[..<count])
    }

    /// Waits until the node sends bytes or closes the connection. Returns whether the node closed the connection.
    func isClosedByNode() throws -> Bool { try readSome() == nil }
}
