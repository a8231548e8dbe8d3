/// The limits of the parsers, in bytes unless stated otherwise.
package struct HTTPLimits: Sendable, Hashable {
    /// The request line with its CRLF. A longer one is answered with 414. (In nginx, the limit is the size of one of
    /// the `large_client_header_buffers`.)
    package var requestLine = 8 * 1024
    /// The whole head with the empty line at its end. A larger one is answered with 431.
    package var head = 32 * 1024
    /// The maximum number of header lines, including those that are dropped. A request with more is answered with 431.
    package var fields = 100
    /// The size line of a chunk, including its extensions, without the CRLF.
    package var chunkLine = 512
    /// All trailer lines of a chunked body together.
    package var trailers = 8 * 1024

    package init() {}
}
