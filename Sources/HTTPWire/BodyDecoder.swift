/// Reads the body of one message from a receive buffer, piece by piece and without copying.
///
/// ```
/// var decoder = BodyDecoder(parser.head.body)
/// while !decoder.isComplete, !bytes.isEmpty {
///     let piece = try decoder.next(bytes)
///     use(bytes.extracting(piece.data))
///     bytes = bytes.extracting(droppingFirst: piece.consumed)
/// }
/// ```
package struct BodyDecoder: Sendable {
    package struct Piece: Sendable, Hashable {
        /// Body bytes, as offsets into the given span. Empty if only framing was read.
        package var data: Range<Int>
        /// How many bytes of the span are consumed, including `data`.
        package var consumed: Int
    }

    private enum State {
        case length(remaining: Int)
        case chunked(ChunkedDecoder)
        case untilClose
        case complete
    }

    private var state: State
    /// Body bytes read so far.
    package private(set) var count = 0
    private let maxBytes: Int

    /// - Parameter maxBytes: the maximum size of the body in bytes (nginx: `client_max_body_size`)
    package init(_ framing: BodyFraming, maxBytes: Int = .max, limits: HTTPLimits = HTTPLimits()) {
        state =
            switch framing {
            case .none, .length(0): .complete
            case .length(let length): .length(remaining: length)
            case .chunked: .chunked(ChunkedDecoder(limits: limits))
            case .untilClose: .untilClose
            }
        self.maxBytes = maxBytes
    }

    /// Whether the body has ended. If so, the next bytes belong to the next message.
    package var isComplete: Bool {
        if case .complete = state { return true }
        return false
    }

    /// - Parameter bytes: the bytes that were received and not consumed yet
    /// - Returns: the next piece. Its `consumed` is 0 only if `bytes` is empty or the body is complete.
    package mutating func next(_ bytes: Span<UInt8>) throws(HTTPError) -> Piece {
        let piece: Piece
        switch state {
        case .complete:
            return Piece(data: 0..<0, consumed: 0)
        case .length(let remaining):
            // The length is known in advance, so refuse a body that is too large without reading it.
            guard remaining <= maxBytes - count else { throw .bodyTooLarge }
            let taken = min(remaining, bytes.count)
            state = taken == remaining ? .complete : .length(remaining: remaining - taken)
            piece = Piece(data: 0..<taken, consumed: taken)
        case .chunked(var chunks):
            piece = try chunks.next(bytes, room: maxBytes - count)
            state = chunks.isComplete ? .complete : .chunked(chunks)
        case .untilClose:
            guard bytes.count <= maxBytes - count else { throw .bodyTooLarge }
            piece = Piece(data: 0..<bytes.count, consumed: bytes.count)
        }
        count += piece.data.count
        return piece
    }

    /// Call this when the sender has closed the connection.
    /// - Throws: ``HTTPError/truncated`` if the body is not complete
    package mutating func endOfInput() throws(HTTPError) {
        switch state {
        case .complete, .untilClose: state = .complete
        case .length, .chunked: throw .truncated
        }
    }
}
