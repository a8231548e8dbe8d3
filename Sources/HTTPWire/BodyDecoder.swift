/// Takes the body of one message out of a receive buffer, piece by piece and without copying.
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
        /// Body bytes, as offsets into the span that was given; empty when only framing was read.
        package var data: Range<Int>
        /// How many bytes of the span are done with, `data` included.
        package var consumed: Int
    }

    private enum State {
        case length(remaining: Int)
        case chunked(ChunkedDecoder)
        case untilClose
        case complete
    }

    private var state: State
    /// Body bytes so far.
    package private(set) var count = 0
    private let maximum: Int

    /// - Parameter maximum: the most body bytes that are taken (nginx: `client_max_body_size`)
    package init(_ framing: BodyFraming, maximum: Int = .max, limits: HTTPLimits = HTTPLimits()) {
        state =
            switch framing {
            case .none, .length(0): .complete
            case .length(let length): .length(remaining: length)
            case .chunked: .chunked(ChunkedDecoder(limits: limits))
            case .untilClose: .untilClose
            }
        self.maximum = maximum
    }

    /// The body has ended; what follows in the buffer belongs to the next message.
    package var isComplete: Bool {
        if case .complete = state { return true }
        return false
    }

    /// - Parameter bytes: what has come in and has not been consumed yet
    /// - Returns: the next piece. Unless the body is complete, `consumed` is 0 only if `bytes` is empty
    package mutating func next(_ bytes: Span<UInt8>) throws(HTTPError) -> Piece {
        let piece: Piece
        switch state {
        case .complete:
            return Piece(data: 0..<0, consumed: 0)
        case .length(let remaining):
            // Known before the first byte, so refused before it.
            guard remaining <= maximum - count else { throw .bodyTooLarge }
            let taken = min(remaining, bytes.count)
            state = taken == remaining ? .complete : .length(remaining: remaining - taken)
            piece = Piece(data: 0..<taken, consumed: taken)
        case .chunked(var chunks):
            piece = try chunks.next(bytes, room: maximum - count)
            state = chunks.isComplete ? .complete : .chunked(chunks)
        case .untilClose:
            guard bytes.count <= maximum - count else { throw .bodyTooLarge }
            piece = Piece(data: 0..<bytes.count, consumed: bytes.count)
        }
        count += piece.data.count
        return piece
    }

    /// The connection was closed by the sender.
    package mutating func endOfInput() throws(HTTPError) {
        switch state {
        case .complete, .untilClose: state = .complete
        case .length, .chunked: throw .truncated
        }
    }
}
