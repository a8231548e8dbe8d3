import Client
import FastCGIWire

/// Sends a GET request to a FastCGI responder, as a web server does.
enum FastCGIProbe {
    static func status(of path: String, at address: ServerAddress, timeout: Duration) throws -> Int {
        let connection = HTTPConnection(to: address, timeout: timeout)
        defer { connection.close() }
        var exchange = FastCGIClientMachine()
        try connection.connect()
        try connection.send(request(path, &exchange))
        var received: [UInt8] = []
        while true {
            let piece = try connection.receive()
            guard !piece.isEmpty else { throw CommandFailure(description: "the node closed the connection") }
            received += piece
            var position = 0
            events: while true {
                switch try exchange.next(received.span, from: &position) {
                case .head: return exchange.head.status
                case .rejected: throw CommandFailure(description: "the node is overloaded")
                case .needsMore: break events
                case .body, .diagnostics, .end: continue
                }
            }
            received.removeFirst(position)
        }
    }

    private static func request(_ path: String, _ exchange: inout FastCGIClientMachine) -> [UInt8] {
        var bytes: [UInt8] = []
        exchange.begin(keepsConnection: false, into: &bytes)
        for (name, value) in [
            ("REQUEST_METHOD", "GET"), ("REQUEST_URI", path), ("QUERY_STRING", ""), ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("REMOTE_ADDR", "127.0.0.1"),
        ] {
            exchange.encoder.param(Array(name.utf8).span, Array(value.utf8).span, into: &bytes)
        }
        exchange.encoder.endParams(into: &bytes)
        exchange.encoder.endBody(into: &bytes)
        return bytes
    }
}
