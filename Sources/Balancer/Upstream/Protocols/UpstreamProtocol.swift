internal import Reactor

/// A protocol that the balancer speaks to peers: it turns requests into bytes, and bytes into responses.
///
/// There is one object for each connection, which carries one request at a time. ``FastCGIProtocol`` is the only one now;
/// `proxy_pass` will be another.
protocol UpstreamProtocol: AnyObject {
    /// Writes the request up to its body.
    /// - Parameter time: When the request was first made, for `$msec`.
    func begin(_ exchange: Exchange, time: WallTime, into out: ByteBuffer)
    /// Writes a piece of the body.
    func body(_ bytes: Span<UInt8>, into out: ByteBuffer)
    /// Writes the end of the body, and so of the request.
    func endBody(into out: ByteBuffer)
    /// The request is written to its end.
    var isRequestWritten: Bool { get }

    /// Reads on in what the peer sent.
    /// - Parameters:
    ///   - bytes: What came and is not consumed yet.
    ///   - position: Where in `bytes` to go on; moved past what is done with, the event's bytes included.
    func next(_ bytes: Span<UInt8>, from position: inout Int) throws(UpstreamProtocolError) -> UpstreamEvent
}

/// What a peer said.
enum UpstreamEvent {
    case head(UpstreamResponseHead)
    /// Body bytes, as offsets into the bytes that were given; never empty.
    case body(Range<Int>)
    /// For the error log.
    case diagnostics(Range<Int>)
    /// The response is complete.
    /// - Parameter isReusable: The connection may carry another request.
    case end(isReusable: Bool)
    /// The peer does not take the request, and has not looked at it.
    case refused(isOverloaded: Bool)
    case needsMore
}

/// What came is no response.
struct UpstreamProtocolError: Error, CustomStringConvertible {
    let description: String
}
