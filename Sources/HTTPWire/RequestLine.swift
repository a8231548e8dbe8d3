internal import Bytes

extension RequestHead {
    /// Parses the request line (RFC 9112, 3): method, target and version, with exactly one space between them.
    mutating func parseRequestLine(
        _ bytes: Span<UInt8>, _ line: ByteRange, _ rules: RequestRules
    ) throws(HTTPError) {
        var index = line.start
        let end = line.end
        while index < end, bytes[index].isToken { index += 1 }
        guard index > line.start, index < end, bytes[index] == ASCII.space else { throw .malformedRequestLine }
        methodName = ByteRange(line.start, index)
        guard methodName.count <= HTTPMethod.maxLength else { throw .methodTooLong }
        method = HTTPMethod(bytes, methodName)

        index += 1
        let targetStart = index
        while index < end {
            let byte = bytes[index]
            // A target has no fragment, and a URI is ASCII (RFC 9112, 3.2; RFC 3986).
            guard byte.isVisible, byte != ASCII.hash else { break }
            index += 1
        }
        guard index < end, bytes[index] == ASCII.space else {
            throw index < end && bytes[index] != ASCII.tab ? .malformedTarget : .malformedRequestLine
        }
        guard index > targetStart else { throw .malformedRequestLine }
        target = ByteRange(targetStart, index)
        version = try HTTPVersion(bytes, ByteRange(index + 1, end))
        if method.isRefused { throw .methodRefused }
        try parseTarget(bytes, rules)
    }
}

extension HTTPVersion {
    /// Parses `HTTP/1.x`, which has capital letters and single digits (RFC 9112, 2.3).
    init(_ bytes: Span<UInt8>, _ range: ByteRange) throws(HTTPError) {
        let prefix: [5 of UInt8] = [
            UInt8(ascii: "H"), UInt8(ascii: "T"), UInt8(ascii: "T"), UInt8(ascii: "P"), ASCII.slash,
        ]
        guard range.count == 8 else { throw .malformedRequestLine }
        let start = range.start
        for offset in prefix.indices where bytes[start + offset] != prefix[offset] { throw .malformedRequestLine }
        let major = bytes[start + 5]
        let minor = bytes[start + 7]
        guard major.isDigit, bytes[start + 6] == ASCII.dot, minor.isDigit else { throw .malformedRequestLine }
        guard major == ASCII.zero + 1 else { throw .unsupportedVersion }
        self = minor == ASCII.zero ? .http10 : .http11
    }
}
