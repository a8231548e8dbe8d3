/// How the head of a request is parsed (ngx_http_core_module). The values of the listener's default server apply,
/// because a request is parsed before its host is known.
package struct RequestParsingSettings: Sendable, Hashable {
    package internal(set) var headerBuffers = HeaderBuffers()
    /// `max_headers`: the maximum number of header lines of one request; nil: the parser's own limit.
    package internal(set) var maxHeaders: Int?
    /// `underscores_in_headers`
    package internal(set) var takesUnderscores = false
    /// `ignore_invalid_headers`
    package internal(set) var dropsInvalidHeaders = true
    /// `merge_slashes`
    package internal(set) var mergesSlashes = true
}

/// `client_header_buffer_size` and `large_client_header_buffers`: the maximum size of a request's head, in bytes.
package struct HeaderBuffers: Sendable, Hashable {
    var initial = 1024
    var count = 4
    var size = 8192

    /// The maximum size of a head. The parsed request refers to the bytes of its head by 32-bit offsets.
    private static let maxHead = 1 << 30

    /// The maximum length of the request line. A longer one is answered with 414.
    package var requestLine: Int { min(max(initial, size), Self.maxHead) }
    /// The maximum length of the head. A longer one is answered with 431.
    package var head: Int { min(max(initial, count * size), Self.maxHead) }
}
