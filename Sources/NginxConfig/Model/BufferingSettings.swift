/// How bodies are kept between a client and a node that are not equally fast.
package struct BufferingSettings: Sendable, Hashable {
    /// `fastcgi_request_buffering`: a node is asked when all of the body is here.
    package internal(set) var holdsRequests = true
    /// `fastcgi_buffering`: a node is done when it has sent its response, and not when the client has taken it.
    package internal(set) var holdsResponses = true
    /// `fastcgi_max_temp_file_size`: the most bytes of a response that go to a file; 0 = none do.
    package internal(set) var mostInFile = 1 << 30
    /// `client_body_temp_path`, `fastcgi_temp_path`; nil = the system's folder for temporary files.
    package internal(set) var requestFolder: String?
    package internal(set) var responseFolder: String?
}

/// `fastcgi_ignore_headers`: headers of a node's that are not to be obeyed.
package struct ObeyedHeaders: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let redirect = ObeyedHeaders(rawValue: 1)
    package static let limitRate = ObeyedHeaders(rawValue: 2)
    package static let buffering = ObeyedHeaders(rawValue: 4)

    package static let all: ObeyedHeaders = [.redirect, .limitRate, .buffering]

    /// By their names in lower case. The others speak to a cache, or of a charset, and there is neither.
    static let byName: [String: ObeyedHeaders] = [
        "x-accel-redirect": .redirect, "x-accel-limit-rate": .limitRate, "x-accel-buffering": .buffering,
        "x-accel-expires": [], "x-accel-charset": [], "expires": [], "cache-control": [], "set-cookie": [], "vary": [],
    ]
}

/// `lingering_close`.
package enum LingeringClose: String, Sendable, Hashable {
    case off, on, always
}
