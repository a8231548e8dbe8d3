/// How the end of a message's body is marked (RFC 9112, 6.3).
package enum BodyFraming: Sendable, Hashable {
    /// There is no body.
    case none
    /// This many bytes follow the head.
    case length(Int)
    case chunked
    /// The body ends when the connection closes. Only a response may have such a body.
    case untilClose
}
