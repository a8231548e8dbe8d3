internal import Reactor

/// A protocol between the balancer and peers: it encodes requests, and decodes responses.
///
/// Each connection has its own object, and carries one request at a time. ``FastCGIProtocol`` is the only
/// implementation.
protocol UpstreamProtocol: AnyObject {
    /// Writes the request up to its body.
    /// - Parameter time: When the request was first encoded, for `$msec`.
    func begin(_ exchange: Exchange, time: WallTime, into out: ByteBuffer)
    /// Writes a piece of the body.
    func body(_ bytes: Span<UInt8>, into out: ByteBuffer)
    /// Writes the end of the body, which is the end of the request.
    func endBody(into out: ByteBuffer)
    /// Whether the request is completely written.
    var isRequestWritten: Bool { get }

    /// Decodes the next event from the bytes that the peer has sent.
    /// - Parameters:
    ///   - bytes: The bytes that were received and not consumed yet.
    ///   - position: The offset in `bytes` at which to continue. This method moves it past the decoded bytes, including
    ///     those of the event.
    func next(_ bytes: Span<UInt8>, from position: inout Int) throws(UpstreamProtocolError) -> UpstreamEvent

    /// The peer has closed the connection.
    /// - Returns: Whether the response ends in this way. If not, the connection is lost.
    func inputEnded() -> Bool
}

/// A part of a peer's response.
enum UpstreamEvent {
    case head(UpstreamResponseHead)
    /// Body bytes, as offsets into the given bytes; never empty.
    case body(Range<Int>)
    /// Text for the error log.
    case diagnostics(Range<Int>)
    /// The response is complete.
    /// - Parameter isReusable: Whether the connection can carry another request.
    case end(isReusable: Bool)
    /// The peer has refused the request without processing it.
    case refused(isOverloaded: Bool)
    case needsMore
}

/// The received bytes are not a valid response.
struct UpstreamProtocolError: Error, CustomStringConvertible {
    let description: String
}
