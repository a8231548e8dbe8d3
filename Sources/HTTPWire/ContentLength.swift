internal import Bytes

enum ContentLength {
    /// Parses a length, which has digits only (RFC 9110, 8.6).
    /// - Throws: ``HTTPError/malformedContentLength`` for a sign, a list, or a number that does not fit an `Int`
    static func parse(_ bytes: Span<UInt8>, _ value: ByteRange) throws(HTTPError) -> Int {
        guard !value.isEmpty else { throw .malformedContentLength }
        var length = 0
        for index in value.range {
            guard bytes[index].isDigit else { throw .malformedContentLength }
            let (tens, isTooLarge) = length.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = tens.addingReportingOverflow(Int(bytes[index] - ASCII.zero))
            guard !isTooLarge, !overflows else { throw .malformedContentLength }
            length = sum
        }
        return length
    }
}
