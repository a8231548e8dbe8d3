/// What a request's head says. Ranges count from the first byte that the parser was given for this request.
package struct RequestHead: Sendable {
    package internal(set) var method = HTTPMethod.other
    package internal(set) var methodName = ByteRange.empty
    package internal(set) var version = HTTPVersion.http11
    /// The request target as it was sent.
    package internal(set) var target = ByteRange.empty
    /// The path and query of the target as they were sent, nginx's `$request_uri`: the target without the scheme and
    /// authority of an absolute form. See `isPathImplied`.
    package internal(set) var requestURI = ByteRange.empty
    /// An absolute form without a path (`http://host`, `http://host?query`): a `/` belongs in front of `requestURI`.
    package internal(set) var isPathImplied = false
    /// The path, decoded and without `//`, `.` and `..`, nginx's `$uri`; it begins with `/`, except that it is `*`
    /// for `OPTIONS *`.
    package internal(set) var path: [UInt8] = []
    /// What follows the first `?` of the target, as it was sent.
    package internal(set) var query: ByteRange?
    /// The host and port that the request is for: the target's if it has one, else the Host header's. The Host field
    /// has the same value. Absent only in HTTP/1.0.
    package internal(set) var authority: ByteRange?
    package internal(set) var fields = HeaderFields()
    /// `none`, `length` or `chunked`.
    package internal(set) var body = BodyFraming.none
    /// The client can take another response on this connection.
    package internal(set) var keepsAlive = false
    /// The client waits for `100 Continue` before it sends the body.
    package internal(set) var expectsContinue = false

    init() {
        fields.reserve(32)
        path.reserveCapacity(256)
    }

    mutating func reset() {
        // Of the method and the version too: a request that is refused for its first line is answered by them.
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
