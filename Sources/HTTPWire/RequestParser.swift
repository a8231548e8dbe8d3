/// Parses the heads of requests, one after the other, from a receive buffer.
///
/// ```
/// guard let length = try parser.parse(bytes) else { /* read more, call again */ }
/// /* parser.head is valid; drop `length` bytes, take the body with a BodyDecoder */
/// parser.reset()   // before the next request
/// ```
/// Once its storage has grown to the size of the largest head, it allocates nothing per request.
package struct RequestParser: Sendable {
    private enum State {
        case requestLine
        case fields
        case done
        case failed(HTTPError)
    }

    /// Valid after `parse` has returned a length, until `reset`.
    package private(set) var head = RequestHead()
    /// Change it only between requests.
    package var limits: HTTPLimits
    /// Change it only between requests.
    package var rules = RequestRules()

    private var state = State.requestLine
    private var lines = LineScanner()
    private var fieldCount = 0
    private var framing = FramingRules()

    package init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
    }

    /// Prepares for the next request of the connection.
    package mutating func reset() {
        head.reset()
        state = .requestLine
        lines = LineScanner()
        fieldCount = 0
        framing = FramingRules()
    }

    /// - Parameter bytes: all bytes since the end of the previous request. A later call for the same request must pass
    ///   the same bytes again, and those that were received since
    /// - Returns: the length of the head with its empty line; nil if more bytes are needed
    /// - Throws: why the request is refused; answer it with `error.status` and close the connection
    package mutating func parse(_ bytes: Span<UInt8>) throws(HTTPError) -> Int? {
        do {
            return try advance(bytes)
        } catch {
            state = .failed(error)
            throw error
        }
    }

    private mutating func advance(_ bytes: Span<UInt8>) throws(HTTPError) -> Int? {
        while true {
            switch state {
            case .requestLine:
                let start = lines.start
                let lineLimit = start + limits.requestLine
                let isShort = lineLimit < limits.head
                guard
                    let line = try lines.next(
                        bytes, limit: isShort ? lineLimit : limits.head,
                        tooLong: isShort || start == 0 ? .requestLineTooLong : .headTooLarge)
                else { return nil }
                // Old clients send an empty line after a body (RFC 9112, 2.2).
                if line.isEmpty { continue }
                try head.parseRequestLine(bytes, line, rules)
                state = .fields
            case .fields:
                guard let line = try lines.next(bytes, limit: limits.head, tooLong: .headTooLarge) else { return nil }
                if line.isEmpty {
                    try framing.finish(&head, bytes)
                    state = .done
                } else {
                    try parseField(bytes, line)
                }
            case .done:
                return lines.start
            case .failed(let error):
                throw error
            }
        }
    }

    private mutating func parseField(_ bytes: Span<UInt8>, _ line: ByteRange) throws(HTTPError) {
        fieldCount += 1
        guard fieldCount <= limits.fields else { throw .tooManyFields }
        guard case .field(let field) = try FieldLine.parse(bytes, line, rules) else { return }
        head.fields.append(field, in: bytes)
        try framing.take(field, bytes)
    }
}
