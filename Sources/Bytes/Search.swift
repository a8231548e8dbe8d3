// Searches that look at eight bytes at a time, as one word. A search sets the highest bit of each byte that matches. It
// can also set the highest bit of a byte that does not match, but only after a byte that matches. So the first bit that
// is set is always right ("Bit Twiddling Hacks", Sean Eron Anderson: "Determine if a word has a byte less than n").

extension Span<UInt8> {
    /// The position of the first `byte` in a range; nil if there is none.
    package func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        let pattern = UInt64.ones &* UInt64(byte)
        return first(in: range, { $0 == byte }) { word in (word ^ pattern).zeroBytes }
    }

    /// The position of the first control byte (0 to 31, DEL) in a range; nil if there is none.
    package func firstControl(in range: Range<Int>) -> Int? {
        first(in: range, \.isControl) { word in
            (word &- .ones &* UInt64(ASCII.space)) & ~word & .highBits
                | (word ^ .ones &* UInt64(ASCII.delete)).zeroBytes
        }
    }

    @inline(__always)
    private func first(in range: Range<Int>, _ isMatch: (UInt8) -> Bool, marks: (UInt64) -> UInt64) -> Int? {
        var index = range.lowerBound
        if range.count >= 8 {
            precondition(range.lowerBound >= 0 && range.upperBound <= count)
            let last = range.upperBound - 8
            while true {
                let marked = marks(
                    withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: index, as: UInt64.self)) })
                if marked != 0 { return index + marked.trailingZeroBitCount / 8 }
                if index == last { return nil }
                // The last word may overlap the one before it, so that no single bytes remain.
                index = Swift.min(index + 8, last)
            }
        }
        while index < range.upperBound {
            if isMatch(self[index]) { return index }
            index += 1
        }
        return nil
    }
}

extension UInt64 {
    fileprivate static var ones: UInt64 { 0x0101_0101_0101_0101 }
    fileprivate static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Marks the bytes that are 0.
    fileprivate var zeroBytes: UInt64 { (self &- .ones) & ~self & .highBits }
}
