/// How a responder ended a request (FastCGI 1.0, section 5.5).
package struct EndRequest: Sendable, Hashable {
    package enum ProtocolStatus: UInt8, Sendable, Hashable, CaseIterable {
        case requestComplete = 0
        case cannotMultiplex = 1
        case overloaded = 2
        case unknownRole = 3
    }

    package var applicationStatus: UInt32
    package var protocolStatus: ProtocolStatus
}

/// Reads the records of a responder from a receive buffer, piece by piece and without copying.
package struct RecordDecoder: Sendable {
    package enum Piece: Sendable, Hashable {
        /// Content of a STDOUT record, as offsets into the given span. Never empty.
        case stdout(Range<Int>)
        /// Content of a STDERR record, in the same form.
        case stderr(Range<Int>)
        case end(EndRequest)
        /// The span has no further piece: more bytes must be received.
        case needsMore
    }

    private enum State {
        case header
        case content(RecordType, remaining: Int, padding: Int)
        case end(padding: Int)
        case padding(Int)
        case ended
    }

    private var state = State.header

    package init() {}

    /// Prepares for the next request of the connection.
    package mutating func reset() { state = .header }

    /// - Parameters:
    ///   - bytes: the bytes that were received and not consumed yet
    ///   - position: the offset in `bytes` to continue at; moved behind the consumed bytes, including the piece
    package mutating func next(_ bytes: Span<UInt8>, from position: inout Int) throws(FastCGIError) -> Piece {
        while true {
            let available = bytes.count - position
            switch state {
            case .header:
                guard available >= RecordHeader.size else { return .needsMore }
                state = try Self.state(after: RecordHeader(bytes, at: position))
                position += RecordHeader.size
            case .content(let type, let remaining, let padding):
                guard remaining > 0 else {
                    state = .padding(padding)
                    continue
                }
                guard available > 0 else { return .needsMore }
                let count = min(available, remaining)
                let range = position..<position + count
                state = .content(type, remaining: remaining - count, padding: padding)
                position += count
                return type == .stdout ? .stdout(range) : .stderr(range)
            case .padding(let padding):
                let count = min(available, padding)
                position += count
                guard count == padding else {
                    state = .padding(padding - count)
                    return .needsMore
                }
                state = .header
            case .end(let padding):
                // Wait for the padding too, so that a kept connection has no unread bytes when the request has ended.
                guard available >= 8 + padding else { return .needsMore }
                let end = try Self.end(bytes, at: position)
                position += 8 + padding
                state = .ended
                return .end(end)
            case .ended:
                guard available == 0 else { throw .bytesAfterEnd }
                return .needsMore
            }
        }
    }

    /// Takes back the last `count` bytes of the piece just returned: the next call of `next` returns them again. The
    /// caller must also move its position back by `count`.
    mutating func unread(_ count: Int) {
        guard case .content(let type, let remaining, let padding) = state else {
            preconditionFailure("the last piece was not content")
        }
        state = .content(type, remaining: remaining + count, padding: padding)
    }

    private static func state(after header: RecordHeader) throws(FastCGIError) -> State {
        guard let type = RecordType(rawValue: header.type) else { throw .unknownRecordType }
        guard header.requestID == RequestEncoder.requestID else { throw .wrongRequestID }
        let padding = Int(header.paddingLength)
        switch type {
        case .stdout, .stderr:
            // An empty record ends its stream. It is ignored: not every responder sends such a record, and END_REQUEST
            // ends both streams.
            return .content(type, remaining: Int(header.contentLength), padding: padding)
        case .endRequest:
            guard header.contentLength == 8 else { throw .malformedEndRequest }
            return .end(padding: padding)
        default:
            throw .unexpectedRecord
        }
    }

    private static func end(_ bytes: Span<UInt8>, at start: Int) throws(FastCGIError) -> EndRequest {
        var status: UInt32 = 0
        for index in start..<start + 4 { status = status << 8 | UInt32(bytes[index]) }
        guard let outcome = EndRequest.ProtocolStatus(rawValue: bytes[start + 4]) else {
            throw .unknownProtocolStatus
        }
        return EndRequest(applicationStatus: status, protocolStatus: outcome)
    }
}
