/// What the clients do in one row of the table.
struct Scenario: Sendable {
    let name: String
    /// Connections that send a request, read the response, and send the next request.
    let clients: Int
    /// Bytes in the body of a response.
    var replySize = 64
    /// Whether each request has its own connection.
    var closes = false
    /// Connections that send one request and then stay open.
    var idle = 0

    static let all = [
        Scenario(name: "small POST", clients: 48),
        Scenario(name: "10 kB reply", clients: 48, replySize: 10_000),
        Scenario(name: "1 MB reply", clients: 8, replySize: 1_000_000),
        Scenario(name: "connection per request", clients: 48, closes: true),
        Scenario(name: "10,000 idle", clients: 48, idle: 10_000),
    ]

    /// A typical request of an API client: a few headers and a small body.
    var request: [UInt8] {
        let body = #"{"string":"The quick brown fox jumps over the lazy dog"}"#
        let head = [
            "POST /hash/sha256?wait=10 HTTP/1.1", "Host: bench.example", "User-Agent: bench/1.0", "Accept: */*",
            "Content-Type: application/json", "Content-Length: \(body.utf8.count)",
            "Connection: \(closes ? "close" : "keep-alive")", "", "",
        ]
        return Array((head.joined(separator: "\r\n") + body).utf8)
    }
}
