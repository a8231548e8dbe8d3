internal import Bytes

/// What the balancer adds to a response, or sends instead of it.
package struct ResponseSettings: Sendable, Hashable {
    package internal(set) var mediaTypes = MediaTypes()
    package internal(set) var errorPages: [ErrorPage] = []
    package internal(set) var addedHeaders: [AddedHeader] = []
    /// `server_tokens string`: the value of the `Server` header. If it is empty, no such header is sent. nil:
    /// Millrace's own value.
    package internal(set) var serverTokens: Template?
}

/// `error_page`: what replaces a response that has one of ``statuses``.
package struct ErrorPage: Sendable, Hashable {
    package enum Status: Sendable, Hashable {
        /// The response keeps the status of the error.
        case kept
        /// The response gets the status of the page (`=`).
        case ofPage
        /// The response gets this status (`=200`).
        case replaced(Int)
    }

    /// The statuses that are replaced, 300…599.
    package let statuses: [Int]
    package let status: Status
    /// A path that starts with `/`, a named location that starts with `@`, or a URL for a redirect.
    package let target: Template
}

/// `add_header`
package struct AddedHeader: Sendable, Hashable {
    package let name: String
    package let value: Template
    /// `always`: the header is added whatever the status is.
    let isAlways: Bool

    /// Whether the header is added to a response with this status (ngx_http_headers_module has the list).
    package func applies(to status: Int) -> Bool {
        switch status {
        case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308: true
        default: isAlways
        }
    }
}

/// `types` and `default_type`: the content type of the balancer's own responses, by the file name extension.
package struct MediaTypes: Sendable, Hashable {
    /// The content type of each extension. Extensions are in lower case.
    var byExtension = ["html": "text/html", "gif": "image/gif", "jpg": "image/jpeg"]
    var fallback = "text/plain"

    package func type(ofPath path: [UInt8]) -> String {
        let name = path[(path.lastIndex(of: ASCII.slash).map { $0 + 1 } ?? 0)...]
        guard let dot = name.lastIndex(of: ASCII.dot) else { return fallback }
        return byExtension[String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()] ?? fallback
    }
}
