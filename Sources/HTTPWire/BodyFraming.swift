/// How the end of a message's body is marked (RFC 9112, 6.3).
package enum BodyFraming: Sendable, Hashable {
    /// There is no body.
    case none
    /// This many bytes follow the head.
    case length(Int)
    case chunked
    /// Everything until the connection closes: responses only.
    case untilClose
}
