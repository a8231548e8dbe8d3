internal import Bytes
internal import HTTPWire
internal import Reactor

/// A client's request: a head, and the bytes that the head's ranges point into. For HTTP/1, the bytes are the head as
/// received.
struct Request {
    var bytes: [UInt8] = []
    var head = RequestHead()
    /// When the request began.
    var startedAt = MonotonicTime(nanoseconds: 0)

    /// Removes the request, and keeps its memory. ``Exchange/open(client:info:configuration:server:)`` sets
    /// ``startedAt``.
    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        head.reset()
    }

    /// The first value of a header.
    /// - Parameter name: The header's name in lower case.
    func value(of name: String) -> String? {
        guard let field = head.fields.first(named: name, in: bytes.span) else { return nil }
        return String(decoding: bytes[field.value.range], as: UTF8.self)
    }

    /// nginx's `$request`: the request line as received, even if the request was refused.
    var line: ArraySlice<UInt8> {
        let isLineEnd = { (byte: UInt8) in byte == ASCII.carriageReturn || byte == ASCII.lineFeed }
        return bytes.drop(while: isLineEnd).prefix { !isLineEnd($0) }
    }

    // MARK: The host

    /// The host of an authority, without the port and without a final dot: `name.` is the same host as `name`.
    func host(_ authority: ByteRange) -> Range<Int> {
        var end = authority.end
        var index = authority.end - 1
        while index >= authority.start {
            let byte = bytes[index]
            if byte == ASCII.colon {
                end = index
                break
            }
            guard byte.isDigit else { break }
            index -= 1
        }
        if end - authority.start > 1, bytes[end - 1] == ASCII.dot { end -= 1 }
        return authority.start..<end
    }

    /// The port in the request's target or Host header; nil if there is none.
    var port: Int? {
        guard let authority = head.authority else { return nil }
        let text = bytes[authority.range]
        let digits = text[(text.lastIndex { !$0.isDigit }.map { $0 + 1 } ?? text.startIndex)...]
        guard digits.startIndex > text.startIndex, text[digits.startIndex - 1] == ASCII.colon else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

extension HeaderFields {
    /// Appends the values of all lines of one name, joined with `, ` (Cookie: `; `).
    /// - Parameter bytes: The bytes that the fields point into.
    func appendJoined(_ field: HeaderField, in bytes: [UInt8], to out: inout [UInt8]) {
        out.append(copying: bytes.span.extracting(field.value.range))
        var next = field.next
        while let index = next {
            out.append(literal: field.known == .cookie ? "; " : ", ")
            out.append(copying: bytes.span.extracting(self[index].value.range))
            next = self[index].next
        }
    }
}
