internal import Glibc

/// A request's CGI variables (RFC 3875, section 4.1). If a name occurs twice, the first value counts.
struct CGIEnvironment: Sendable {
    var method = ""
    var requestURI: String?
    var scriptName = ""
    var pathInfo = ""
    var queryString = ""
    var contentType: String?
    var contentLength: String?
    var remoteAddress = ""
    var prefer: String?
    var requestID: String?
    var authorization: String?
    var idempotencyKey: String?
    /// The balancer's id for the request (``RequestKey``). A client cannot set it, because the names of variables for
    /// the client's headers begin with `HTTP_`.
    var requestKey: String?

    /// - Parameter variables: an array as in environ(7): `NAME=value`, terminated by a null pointer.
    init(_ variables: UnsafePointer<UnsafeMutablePointer<CChar>?>?) {
        var seen = Seen()
        var position = variables
        while let variable = position?.pointee {
            if let equals = strchr(variable, CInt(UInt8(ascii: "="))) {
                let name = UnsafeRawBufferPointer(start: variable, count: equals - variable)
                take(name, equals + 1, &seen)
            }
            position = position.map { $0 + 1 }
        }
    }

    init(_ variables: [String: String]) {
        method = variables["REQUEST_METHOD"] ?? ""
        requestURI = variables["REQUEST_URI"]
        scriptName = variables["SCRIPT_NAME"] ?? ""
        pathInfo = variables["PATH_INFO"] ?? ""
        queryString = variables["QUERY_STRING"] ?? ""
        contentType = Self.nonEmpty(variables["CONTENT_TYPE"])
        contentLength = Self.nonEmpty(variables["CONTENT_LENGTH"])
        remoteAddress = variables["REMOTE_ADDR"] ?? ""
        prefer = variables["HTTP_PREFER"]
        requestID = variables["HTTP_X_REQUEST_ID"]
        authorization = variables["HTTP_AUTHORIZATION"]
        idempotencyKey = variables["HTTP_IDEMPOTENCY_KEY"]
        requestKey = variables["MILLRACE_REQUEST_KEY"]
    }

    /// The path, still percent-encoded, and the query.
    ///
    /// Most servers send `REQUEST_URI`, the target as the client wrote it. It is not in RFC 3875; without it the path
    /// is `SCRIPT_NAME` followed by `PATH_INFO`.
    var target: (path: String, query: String) {
        guard let requestURI, !requestURI.isEmpty else { return (scriptName + pathInfo, queryString) }
        var rest = requestURI[...]
        if !rest.hasPrefix("/") {
            // The target has the absolute form, `http://host/path` (RFC 9112, section 3.2.2).
            guard let scheme = rest.utf8.firstIndex(of: UInt8(ascii: ":")) else { return (requestURI, "") }
            rest = rest[rest.index(after: scheme)...].drop { $0 == "/" }
            rest = rest.utf8.firstIndex(of: UInt8(ascii: "/")).map { rest[$0...] } ?? "/"
        }
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (String(rest), queryString) }
        return (String(rest[..<mark]), String(rest[rest.utf8.index(after: mark)...]))
    }

    /// Some servers send an empty variable if the client did not send the header.
    private static func nonEmpty(_ text: String?) -> String? {
        text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The names that have occurred, one bit each.
    private struct Seen {
        private var bits: UInt32 = 0

        mutating func isFirst(_ number: Int) -> Bool {
            defer { bits |= 1 << UInt32(number) }
            return bits & 1 << UInt32(number) == 0
        }
    }

    private static let names: [StaticString] = [
        "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH",
        "REMOTE_ADDR", "HTTP_PREFER", "HTTP_X_REQUEST_ID", "HTTP_AUTHORIZATION",
        "HTTP_IDEMPOTENCY_KEY", "MILLRACE_REQUEST_KEY",
    ]

    private mutating func take(_ name: UnsafeRawBufferPointer, _ value: UnsafeMutablePointer<CChar>, _ seen: inout Seen)
    {
        let number = Self.names.firstIndex { known in
            known.utf8CodeUnitCount == name.count && memcmp(known.utf8Start, name.baseAddress!, name.count) == 0
        }
        guard let number, seen.isFirst(number) else { return }
        let text = String(cString: value)
        switch number {
        case 0: method = text
        case 1: requestURI = text
        case 2: scriptName = text
        case 3: pathInfo = text
        case 4: queryString = text
        case 5: contentType = Self.nonEmpty(text)
        case 6: contentLength = Self.nonEmpty(text)
        case 7: remoteAddress = text
        case 8: prefer = text
        case 9: requestID = text
        case 10: authorization = text
        case 11: idempotencyKey = text
        default: requestKey = text
        }
    }
}
