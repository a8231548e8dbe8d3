/// The parsed head of a request. Ranges are offsets from the first byte that the parser was given for this request.
package struct RequestHead: Sendable {
    package internal(set) var method = HTTPMethod.other
    package internal(set) var methodName = ByteRange.empty
    package internal(set) var version = HTTPVersion.http11
    /// The request target as it was sent.
    package internal(set) var target = ByteRange.empty
    /// The path and query of the target as they were sent (nginx's `$request_uri`): the target without the scheme and
    /// authority of an absolute form. See ``isPathImplied``.
    package internal(set) var requestURI = ByteRange.empty
    /// Whether the target is an absolute form without a path (`http://host`, `http://host?query`). If so, put a `/` in
    /// front of ``requestURI``.
    package internal(set) var isPathImplied = false
    /// nginx's `$uri`: the decoded path, without `.` and `..`. If `merge_slashes` is on, it also has no `//`. It begins
    /// with `/`; for `OPTIONS *` it is `*`.
    package internal(set) var path: [UInt8] = []
    /// The part of the target after its first `?`, as it was sent; nil if there is no `?`.
    package internal(set) var query: ByteRange?
    /// The host and port of the request: those of the target if it has them, else those of the Host header. The Host
    /// line in ``fields`` gets the same value. nil only in HTTP/1.0.
    package internal(set) var authority: ByteRange?
    package internal(set) var fields = HeaderFields()
    /// `none`, `length` or `chunked`.
    package internal(set) var body = BodyFraming.none
    /// Whether the client will accept another response on this connection.
    package internal(set) var keepsAlive = false
    /// Whether the client waits for `100 Continue` before it sends the body.
    package internal(set) var expectsContinue = false

    package init() {}

    /// Empties the head, and keeps its memory for the next request.
    package mutating func reset() {
        // Reset the method and the version, too: the response to a malformed request line uses them.
        method = .other
        version = .http11
        methodName = .empty
        target = .empty
        requestURI = .empty
        isPathImplied = false
        path.removeAll(keepingCapacity: true)
        query = nil
        authority = nil
        fields.removeAll()
        body = .none
        keepsAlive = false
        expectsContinue = false
    }
}
