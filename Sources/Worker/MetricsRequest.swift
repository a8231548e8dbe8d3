internal import HTTPWire

/// The page that ``MetricsListener`` serves for a path.
struct MetricsPage: Sendable {
    var status: Int
    /// The value of `Content-Type`.
    var type: String
    var body: [UInt8]
}

/// A request to ``MetricsListener``. It takes the bytes of the request, and returns the bytes of the answer. No I/O
/// here.
struct MetricsRequest {
    private var received: [UInt8] = []
    private var parser: RequestParser
    private var head = RequestHead()

    init() {
        var limits = HTTPLimits()
        limits.head = 8192
        parser = RequestParser(limits: limits)
    }

    /// Takes bytes of the request.
    /// - Returns: the whole answer; `nil` if the head of the request is not complete yet.
    mutating func receive(_ bytes: ArraySlice<UInt8>, _ page: (String) -> MetricsPage?) -> [UInt8]? {
        received.append(contentsOf: bytes)
        let received = received
        do {
            guard try parser.parse(received.span, into: &head) != nil else { return nil }
        } catch {
            return Self.responseHead(error.status)
        }
        guard head.method == .get || head.method == .head else { return Self.responseHead(405) }
        guard let page = page(String(decoding: head.path, as: UTF8.self)) else { return Self.responseHead(404) }
        let answer = Self.responseHead(page.status, type: page.type, length: page.body.count)
        return head.method.isHead ? answer : answer + page.body
    }

    private static func responseHead(_ status: Int, type: String? = nil, length: Int = 0) -> [UInt8] {
        let fields = [
            "HTTP/1.1 \(status) \(HTTPStatus.reason(status))", type.map { "Content-Type: \($0)" },
            // A response with status 405 must have `Allow` (RFC 9110, section 15.5.6).
            status == 405 ? "Allow: GET, HEAD" : nil,
            "Content-Length: \(length)", "Connection: close", "", "",
        ]
        return Array(fields.compactMap(\.self).joined(separator: "\r\n").utf8)
    }
}
