internal import Bytes

/// Decodes the chunked transfer coding (RFC 9112, 7.1) byte by byte.
///
/// It is strict: only CRLF ends a line, a size has hexadecimal digits only, and the data ends exactly where the size
/// says. Extensions and trailers have a size limit and are dropped.
struct ChunkedDecoder: Sendable {
    private enum State {
        case sizeStart
        case size
        case extensionStart
        case extensions
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case trailerStart
        case trailer
        case trailerLineFeed
        case lastLineFeed
        case complete
    }

    private var state = State.sizeStart
    /// In a size line: the value of the digits that were read so far. After the size line: the number of data bytes
    /// that are still missing.
    private var remaining = 0
    private var lineLength = 0
    private var trailerLength = 0
    /// Framing bytes beyond what normal chunks need, as in Go's `chunkedReader`. The limit ``maxExcess`` stops a sender
    /// of one-byte chunks with long extensions: their framing is many times as large as the body.
    private var excess = 0
    private let limits: HTTPLimits

    private static let maxExcess = 16 * 1024

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    var isComplete: Bool {
        if case .complete = state { return true }
        return false
    }

    /// - Parameter room: the maximum number of further data bytes
    mutating func next(_ bytes: Span<UInt8>, room: Int) throws(HTTPError) -> BodyDecoder.Piece {
        var index = 0
        while index < bytes.count {
            if case .data = state {
                let taken = min(remaining, bytes.count - index)
                remaining -= taken
                if remaining == 0 { state = .dataCarriageReturn }
                return BodyDecoder.Piece(data: index..<(index + taken), consumed: index + taken)
            }
            try take(bytes[index], room: room)
            index += 1
            if isComplete { break }
        }
        return BodyDecoder.Piece(data: index..<index, consumed: index)
    }

    private mutating func take(_ byte: UInt8, room: Int) throws(HTTPError) {
        switch state {
        case .sizeStart:
            guard let digit = byte.hexValue else { throw .malformedChunk }
            remaining = Int(digit)
            lineLength = 1
            state = .size
        case .size, .extensionStart, .extensions:
            lineLength += 1
            guard lineLength <= limits.chunkLine || byte == ASCII.carriageReturn else { throw .chunkOverheadTooLarge }
            try takeSizeLine(byte)
        case .sizeLineFeed:
            try expect(byte, ASCII.lineFeed)
            try begin(room: room)
        case .dataCarriageReturn:
            try expect(byte, ASCII.carriageReturn)
            state = .dataLineFeed
        case .dataLineFeed:
            try expect(byte, ASCII.lineFeed)
            state = .sizeStart
        case .trailerStart, .trailer:
            try takeTrailer(byte)
        case .trailerLineFeed:
            try expect(byte, ASCII.lineFeed)
            state = .trailerStart
        case .lastLineFeed:
            try expect(byte, ASCII.lineFeed)
            state = .complete
        case .data, .complete:
            break
        }
    }

    private mutating func takeSizeLine(_ byte: UInt8) throws(HTTPError) {
        switch (state, byte) {
        case (.size, ASCII.carriageReturn), (.extensions, ASCII.carriageReturn):
            state = .sizeLineFeed
        case (.size, ASCII.semicolon):
            state = .extensionStart
        case (.size, _):
            guard let digit = byte.hexValue, remaining <= Int.max >> 4 else { throw .malformedChunk }
            remaining = remaining << 4 | Int(digit)
        case (.extensionStart, ASCII.space), (.extensionStart, ASCII.tab):
            break
        case (.extensionStart, _):
            guard byte.isToken else { throw .malformedChunk }
            state = .extensions
        default:
            guard !byte.isControl || byte == ASCII.tab else { throw .malformedChunk }
        }
    }

    private mutating func begin(room: Int) throws(HTTPError) {
        guard remaining <= room else { throw .bodyTooLarge }
        excess = max(0, excess + lineLength - 16 - min(remaining, Self.maxExcess) * 2)
        guard excess <= Self.maxExcess else { throw .chunkOverheadTooLarge }
        state = remaining == 0 ? .trailerStart : .data
    }

    private mutating func takeTrailer(_ byte: UInt8) throws(HTTPError) {
        trailerLength += 1
        guard trailerLength <= limits.trailers else { throw .trailersTooLarge }
        if byte == ASCII.carriageReturn {
            if case .trailerStart = state { state = .lastLineFeed } else { state = .trailerLineFeed }
            return
        }
        guard !byte.isControl || byte == ASCII.tab else { throw .malformedChunk }
        state = .trailer
    }

    private func expect(_ byte: UInt8, _ wanted: UInt8) throws(HTTPError) {
        guard byte == wanted else { throw .malformedChunk }
    }
}
