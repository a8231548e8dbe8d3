internal import Bytes

extension UInt8 {
    /// Header names that become the same CGI variable have the same bytes in this form: in lower case, with `-` instead
    /// of `_`.
    var variableByte: UInt8 { self == ASCII.underscore ? ASCII.hyphen : lowercased }
}

extension Span<UInt8> {
    /// Whether the bytes of `range` are `text`. ASCII letters match in either case.
    /// - Parameter text: in lower case
    package func matches(_ range: ByteRange, ignoringCase text: String) -> Bool {
        let wanted = text.utf8Span.span
        guard range.count == wanted.count else { return false }
        let start = range.start
        for offset in 0..<wanted.count where self[start + offset].lowercased != wanted[offset] {
            return false
        }
        return true
    }

    /// Whether a header name and `text` become the same CGI variable (`HTTP_X_Y`).
    /// - Parameter text: in lower case, with `-` for `_`
    package func matches(_ range: ByteRange, asVariable text: String) -> Bool {
        let wanted = text.utf8Span.span
        guard range.count == wanted.count else { return false }
        let start = range.start
        for offset in 0..<wanted.count where self[start + offset].variableByte != wanted[offset] { return false }
        return true
    }

    /// Whether two header names become the same CGI variable.
    func matches(_ left: ByteRange, asVariable right: ByteRange) -> Bool {
        guard left.count == right.count else { return false }
        for offset in 0..<left.count
        where self[left.start + offset].variableByte != self[right.start + offset].variableByte {
            return false
        }
        return true
    }

    /// The range without the blanks (space, tab) at both ends.
    func trimmed(_ start: Int, _ end: Int) -> ByteRange {
        var start = start
        var end = end
        while start < end, self[start].isBlank { start += 1 }
        while start < end, self[end - 1].isBlank { end -= 1 }
        return ByteRange(start, end)
    }

    /// A copy of the bytes as text, for logs and tests. Invalid UTF-8 is replaced.
    package func text(_ range: ByteRange) -> String {
        var bytes: [UInt8] = []
        bytes.append(copying: extracting(range.range))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    mutating func append(contentsOf text: String) {
        append(contentsOf: text.utf8)
    }
}
