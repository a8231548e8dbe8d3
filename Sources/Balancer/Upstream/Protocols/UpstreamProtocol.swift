internal import Bytes
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

/// A response's head as a peer sent it, whatever protocol brought it.
struct UpstreamResponseHead {
    /// One header line, as offsets into ``UpstreamResponseHead/bytes``.
    struct Field: Equatable {
        /// What the balancer does with a header.
        enum Kind {
            /// Passes it on.
            case other
            /// Passes on the last one.
            case contentType
            case requestID
            /// `X-Accel-…`: the balancer itself is meant.
            case accel
            /// Drops it: it concerns one connection, or the balancer writes it itself.
            case own
        }

        let name: Range<Int>
        let value: Range<Int>
        let kind: Kind
    }

    var bytes: [UInt8] = []
    var fields: [Field] = []
    var status = 200
    /// The reason phrase; empty: the usual one.
    var reason = 0..<0
    var contentLength: Int?
    /// There is a field of the kind ``Field/Kind/accel``.
    var hasAccel = false

    /// Whether a field has this name.
    /// - Parameter name: In lower case.
    func isNamed(_ field: Field, _ name: String) -> Bool { bytes[field.name].isEqual(ignoringCase: name.utf8) }

    /// The first value of a field.
    /// - Parameter name: In lower case.
    func value(of name: String, kind: Field.Kind) -> [UInt8]? {
        for field in fields where field.kind == kind && isNamed(field, name) { return Array(bytes[field.value]) }
        return nil
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}
