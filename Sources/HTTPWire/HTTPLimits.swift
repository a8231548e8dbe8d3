/// How much of a message the parsers take, in bytes unless said otherwise.
package struct HTTPLimits: Sendable, Hashable {
    /// The request line with its CRLF; more is answered 414 (nginx: one of `large_client_header_buffers`).
    package var requestLine = 8 * 1024
    /// The whole head, from its first byte to the empty line; more is answered 431.
    package var head = 32 * 1024
    /// Header lines, counting those that are dropped; more is answered 431.
    package var fields = 100
    /// A chunk's size line with its extensions, without the CRLF.
    package var chunkLine = 512
    /// All trailer lines of a chunked body together.
    package var trailers = 8 * 1024

    package init() {}
}
