/// The percent coding of URLs (RFC 3986, 2.1).
@usableFromInline package enum PercentCoding {
    /// - Parameter plusIsSpace: a `+` stands for a space, as in forms (WHATWG URL, 5.1)
    /// - Returns: nil if a `%` is not followed by two hexadecimal digits
    @inlinable package static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case ASCII.percent:
                guard let high = iterator.next()?.hexValue, let low = iterator.next()?.hexValue else { return nil }
                bytes.append(high << 4 | low)
            case ASCII.plus where plusIsSpace: bytes.append(ASCII.space)
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    /// Copies the bytes for which `isKept` is true. Encodes each of the remaining bytes as `%` and two upper-case
    /// digits.
    @inlinable package static func encode(_ bytes: some Sequence<UInt8>, keeping isKept: (UInt8) -> Bool) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.underestimatedCount)
        for byte in bytes {
            if isKept(byte) {
                text.append(byte)
            } else {
                text.append(ASCII.percent)
                text.append(capitalHex: byte)
            }
        }
        return text
    }
}
