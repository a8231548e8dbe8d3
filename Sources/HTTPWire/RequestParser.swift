/// Parses the heads of requests in a receive buffer, one after the other. The caller keeps the head that receives the
/// result.
///
/// ```
/// guard let length = try parser.parse(bytes, into: &head) else { /* read more, call again */ }
/// /* head is valid; drop `length` bytes, take the body with a BodyDecoder */
/// parser.reset()   // before the next request
/// head.reset()
/// ```
/// It allocates nothing for a request once the head's storage has grown to the size of the largest request.
package struct RequestParser: Sendable {
    private enum State {
        case requestLine
        case fields
        case done
        case failed(HTTPError)
    }

    /// Change them only between requests.
    package var limits: HTTPLimits
    /// Change them only between requests.
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
        state = .requestLine
        lines = LineScanner()
        fieldCount = 0
        framing = FramingRules()
    }

    /// - Parameters:
    ///   - bytes: All bytes since the end of the previous request. In a later call for the same request, pass the same
    ///     bytes again, followed by those that have arrived since.
    ///   - head: Empty in the first call for a request; valid when a length is returned.
    /// - Returns: The length of the head with its empty line; nil when more bytes are needed.
    /// - Throws: What is wrong with the request. Answer the request with `error.status`, and close the connection.
    package mutating func parse(_ bytes: Span<UInt8>, into head: inout RequestHead) throws(HTTPError) -> Int? {
        do {
            return try advance(bytes, &head)
        } catch {
            state = .failed(error)
            throw error
        }
    }

    private mutating func advance(_ bytes: Span<UInt8>, _ head: inout RequestHead) throws(HTTPError) -> Int? {
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
                    try parseField(bytes, line, &head)
                }
            case .done:
                return lines.start
            case .failed(let error):
                throw error
            }
        }
    }

    private mutating func parseField(
        _ bytes: Span<UInt8>, _ line: ByteRange, _ head: inout RequestHead
    ) throws(HTTPError) {
        fieldCount += 1
        guard fieldCount <= limits.fields else { throw .tooManyFields }
        guard case .field(let field) = try FieldLine.parse(bytes, line, rules) else { return }
        head.fields.append(field, in: bytes)
        try framing.take(field, bytes)
    }
}
