internal import Bytes

/// Collects and parses the header of a CGI response, which may be split into records at any byte.
///
/// Lines end with CR LF or LF (RFC 3875, 6.2.1). The parser refuses everything that a client could interpret
/// differently: control bytes, folded lines, a second `Content-Length`, any `Transfer-Encoding`.
package struct CGIResponseHeadParser: Sendable {
    /// Valid after ``take(_:_:)`` has returned a count, until ``reset()``.
    package private(set) var head = CGIResponseHead()
    /// Change it only between responses.
    package var limits: ResponseLimits
    private var lineStart = 0

    package init(limits: ResponseLimits = ResponseLimits()) {
        self.limits = limits
    }

    /// Prepares for the next response. Memory is kept.
    package mutating func reset() {
        head.reset()
        lineStart = 0
    }

    /// - Parameters:
    ///   - range: the next bytes of the response, as offsets into `bytes`
    /// - Returns: how many of these bytes belong to the header; nil if the header is not complete yet
    package mutating func take(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(FastCGIError) -> Int? {
        var start = range.lowerBound
        while start < range.upperBound {
            let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, in: start..<range.upperBound)
            let end = lineFeed.map { $0 + 1 } ?? range.upperBound
            guard head.bytes.count + end - start <= limits.head else { throw .headTooLarge }
            head.bytes.append(copying: bytes.extracting(start..<end))
            start = end
            if lineFeed != nil {
                if try takeLine() {
                    if !head.hasStatus, head.hasLocation { head.status = 302 }
                    return start - range.lowerBound
                }
                lineStart = head.bytes.count
            }
        }
        return nil
    }

    /// - Returns: whether the line was empty, which ends the header
    private mutating func takeLine() throws(FastCGIError) -> Bool {
        var end = head.bytes.count - 1
        if end > lineStart, head.bytes[end - 1] == ASCII.carriageReturn { end -= 1 }
        guard end > lineStart else { return true }
        guard head.fields.count < limits.fields else { throw .tooManyFields }
        try head.add(Self.field(head.bytes.span, lineStart..<end))
        return false
    }

    private static func field(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(FastCGIError) -> ResponseField {
        guard !bytes[line.lowerBound].isBlank else { throw .foldedField }
        let end = line.upperBound
        var colon = line.lowerBound
        var tail: UInt128 = 0
        while colon < end {
            let byte = bytes[colon]
            if byte.isLetter || byte == ASCII.hyphen {
                // Setting bit 0x20 makes letters lower case. In a hyphen, the bit is set already.
                tail = tail << 8 | UInt128(byte | 0x20)
            } else if byte.isToken {
                tail = tail << 8 | UInt128(byte)
            } else {
                break
            }
            colon += 1
        }
        guard colon < end, colon > line.lowerBound, bytes[colon] == ASCII.colon else {
            // The name is empty, or the byte after it is not a colon.
            let byte = colon < end ? bytes[colon] : ASCII.space
            throw byte.isControl && byte != ASCII.tab ? .controlByte : .malformedField
        }
        var (start, stop) = (colon + 1, end)
        while start < stop, bytes[start].isBlank { start += 1 }
        while stop > start, bytes[stop - 1].isBlank { stop -= 1 }
        var next = start
        while let control = bytes.firstControl(in: next..<stop) {
            guard bytes[control] == ASCII.tab else { throw .controlByte }
            next = control + 1
        }
        let name = line.lowerBound..<colon
        return ResponseField(name: name, value: start..<stop, known: KnownResponseField(bytes, name, tail: tail))
    }
}

extension CGIResponseHead {
    fileprivate mutating func add(_ field: ResponseField) throws(FastCGIError) {
        switch field.known {
        case .status:
            guard !hasStatus else { throw .duplicateStatus }
            hasStatus = true
            try parseStatus(field.value)
        case .location:
            hasLocation = true
        case .contentLength:
            guard contentLength == nil else { throw .duplicateContentLength }
            contentLength = try parseLength(field.value)
        case .transferEncoding:
            throw .transferEncoding
        case .accel:
            hasAccel = true
        default:
            break
        }
        fields.append(field)
    }

    /// Parses `NNN[ reason]` (RFC 3875, 6.3.3). An interim status (1xx) is refused, because it is not a final response.
    private mutating func parseStatus(_ value: Range<Int>) throws(FastCGIError) {
        guard value.count >= 3 else { throw .malformedStatus }
        var number = 0
        let end = value.lowerBound + 3
        for index in value.lowerBound..<end {
            guard bytes[index].isDigit else { throw .malformedStatus }
            number = number * 10 + Int(bytes[index] - ASCII.zero)
        }
        guard (200...599).contains(number) else { throw .malformedStatus }
        status = number
        guard end < value.upperBound else { return }
        guard bytes[end] == ASCII.space else { throw .malformedStatus }
        reason = end + 1..<value.upperBound
    }

    private func parseLength(_ value: Range<Int>) throws(FastCGIError) -> Int {
        // A number of 18 digits always fits an `Int`.
        guard (1...18).contains(value.count) else { throw .malformedContentLength }
        var length = 0
        for index in value {
            guard bytes[index].isDigit else { throw .malformedContentLength }
            length = length * 10 + Int(bytes[index] - ASCII.zero)
        }
        return length
    }
}
