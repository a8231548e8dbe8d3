internal import JSON

/// A handler's response. ``ResponseText`` adds `X-Request-Id`, `Content-Length` and `Cache-Control`.
struct APIResponse: Sendable {
    var status: Int
    var contentType = MediaType.json
    var headers: [Header] = []
    var body: [UInt8]

    struct Header: Sendable, Hashable {
        var name: StaticString
        var value: String

        init(_ name: StaticString, _ value: String) {
            self.name = name
            self.value = value
        }

        static func == (left: Header, right: Header) -> Bool {
            left.name.description == right.name.description && left.value == right.value
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(name.description)
            hasher.combine(value)
        }
    }

    init(_ status: Int, _ body: JSONWriter, headers: [Header] = []) {
        self.status = status
        self.headers = headers
        self.body = body.bytes
    }

    init(_ status: Int, contentType: String, headers: [Header] = [], body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }
}

/// A response, or the problem to report instead.
typealias Answer = Result<APIResponse, Problem>
