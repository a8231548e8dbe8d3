/// Parses the heads of responses from a receive buffer, in the same way as ``RequestParser`` does for requests.
package struct ResponseParser: Sendable {
    private enum State {
        case statusLine
        case fields
        case done
        case failed(HTTPError)
    }

    /// Valid after `parse` has returned a length, until `reset`.
    package private(set) var head = ResponseHead()
    package let limits: HTTPLimits

    private var state = State.statusLine
    private var lines = LineScanner()
    private var fieldCount = 0

    package init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
    }

    /// Prepares for the next response of the connection.
    package mutating func reset() {
        head.reset()
        state = .statusLine
        lines = LineScanner()
        fieldCount = 0
    }

    /// - Parameters:
    ///   - bytes: all bytes since the end of the previous response
    ///   - isAnswerToHead: whether the request was HEAD. If so, no body follows, whatever the headers say
    /// - Returns: the length of the head with its empty line; nil if more bytes are needed
    package mutating func parse(_ bytes: Span<UInt8>, isAnswerToHead: Bool) throws(HTTPError) -> Int? {
        do {
            return try advance(bytes, isAnswerToHead: isAnswerToHead)
        } catch {
            state = .failed(error)
            throw error
        }
    }

    private mutating func advance(_ bytes: Span<UInt8>, isAnswerToHead: Bool) throws(HTTPError) -> Int? {
        while true {
            switch state {
            case .statusLine:
                guard let line = try lines.next(bytes, limit: limits.head, tooLong: .headTooLarge) else { return nil }
                try head.parseStatusLine(bytes, line)
                state = .fields
            case .fields:
                guard let line = try lines.next(bytes, limit: limits.head, tooLong: .headTooLarge) else { return nil }
                if line.isEmpty {
                    try head.decideFraming(bytes, isAnswerToHead: isAnswerToHead)
                    state = .done
                    continue
                }
                fieldCount += 1
                guard fieldCount <= limits.fields else { throw .tooManyFields }
                if case .field(let field) = try FieldLine.parse(bytes, line) {
                    head.fields.append(field, in: bytes)
                }
            case .done:
                return lines.start
            case .failed(let error):
                throw error
            }
        }
    }
}
