internal import Bytes

/// The parsed head of a response. Ranges are offsets from the first byte that the parser was given for this response.
package struct ResponseHead: Sendable {
    /// 100 to 599. Below 200, the response is interim, and the final response follows: call the parser's `reset` and
    /// parse again.
    package internal(set) var status = 0
    package internal(set) var reason = ByteRange.empty
    package internal(set) var version = HTTPVersion.http11
    package internal(set) var fields = HeaderFields()
    package internal(set) var body = BodyFraming.none
    package internal(set) var keepsAlive = false

    mutating func reset() {
        status = 0
        reason = .empty
        fields.removeAll()
        body = .none
        keepsAlive = false
    }
}

extension ResponseHead {
    /// Parses `HTTP/1.x NNN[ reason]` (RFC 9112, 4).
    mutating func parseStatusLine(_ bytes: Span<UInt8>, _ line: ByteRange) throws(HTTPError) {
        guard line.count >= 12, bytes[line.start + 8] == ASCII.space else { throw .malformedStatusLine }
        do {
            version = try HTTPVersion(bytes, ByteRange(line.start, line.start + 8))
        } catch {
            throw .malformedStatusLine
        }
        var number = 0
        for index in (line.start + 9)..<(line.start + 12) {
            guard bytes[index].isDigit else { throw .malformedStatusLine }
            number = number * 10 + Int(bytes[index] - ASCII.zero)
        }
        guard (100...599).contains(number) else { throw .malformedStatusLine }
        status = number
        if line.count > 12 {
            guard bytes[line.start + 12] == ASCII.space else { throw .malformedStatusLine }
            reason = ByteRange(line.start + 13, line.end)
        }
    }

    /// Decides how the body ends (RFC 9112, 6.3).
    mutating func decideFraming(_ bytes: Span<UInt8>, isAnswerToHead: Bool) throws(HTTPError) {
        var length: Int?
        var encodings = 0
        var isChunked = false
        var connection = ConnectionOptions()
        for index in fields.indices {
            let field = fields[index]
            switch field.known {
            case .contentLength:
                guard length == nil else { throw .duplicateContentLength }
                length = try ContentLength.parse(bytes, field.value)
            case .transferEncoding:
                encodings += 1
                isChunked = bytes.matches(field.value, ignoringCase: "chunked")
            case .connection:
                connection.take(bytes, field.value)
            default:
                break
            }
        }
        keepsAlive = connection.keepsAlive(version)
        if encodings > 0 {
            guard length == nil else { throw .contentLengthWithTransferEncoding }
            guard encodings == 1, isChunked else { throw .unsupportedTransferEncoding }
        }
        if isAnswerToHead || HTTPStatus.hasNoBody(status) {
            body = .none
        } else if encodings > 0 {
            body = .chunked
        } else if let length {
            body = .length(length)
        } else {
            body = .untilClose
            keepsAlive = false
        }
    }
}
