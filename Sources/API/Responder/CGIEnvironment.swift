internal import Glibc

/// What a web server says about a request (RFC 3875, section 4.1), copied once: of a name given twice the first counts.
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
    var host: String?
    var origin: String?
    var idempotencyKey: String?
    /// What the web server calls the request (see ``RequestKey``). A client cannot set it: its headers are `HTTP_…`.
    var requestKey: String?

    /// From an array like environ(7): `NAME=value`, with a null at its end.
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
        host = variables["HTTP_HOST"]
        origin = variables["HTTP_ORIGIN"]
        idempotencyKey = variables["HTTP_IDEMPOTENCY_KEY"]
        requestKey = variables["MILLRACE_REQUEST_KEY"]
    }

    /// The path, still percent-encoded, and the query.
    ///
    /// `REQUEST_URI` is not in the standard but what most servers send as the client wrote it; else the path is put
    /// together from its two standard parts.
    var target: (path: String, query: String) {
        guard let requestURI, !requestURI.isEmpty else { return (scriptName + pathInfo, queryString) }
        var rest = requestURI[...]
        if !rest.hasPrefix("/") {
            // The absolute form, `http://host/path` (RFC 9112, section 3.2.2).
            guard let scheme = rest.utf8.firstIndex(of: UInt8(ascii: ":")) else { return (requestURI, "") }
            rest = rest[rest.index(after: scheme)...].drop { $0 == "/" }
            rest = rest.utf8.firstIndex(of: UInt8(ascii: "/")).map { rest[$0...] } ?? "/"
        }
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (String(rest), queryString) }
        return (String(rest[..<mark]), String(rest[rest.utf8.index(after: mark)...]))
    }

    /// Servers send an empty variable where the client sent no such header.
    private static func nonEmpty(_ text: String?) -> String? {
        text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// One bit for each name that was there.
    private struct Seen {
        private var bits: UInt32 = 0

        mutating func isFirst(_ number: Int) -> Bool {
            defer { bits |= 1 << UInt32(number) }
            return bits & 1 << UInt32(number) == 0
        }
    }

    private static let names: [StaticString] = [
        "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH",
        "REMOTE_ADDR", "HTTP_PREFER", "HTTP_X_REQUEST_ID", "HTTP_AUTHORIZATION", "HTTP_HOST", "HTTP_ORIGIN",
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
        case 11: host = text
        case 12: origin = text
        case 13: idempotencyKey = text
        default: requestKey = text
        }
    }
}
