extension [UInt8] {
    /// Appends the number in decimal, with leading zeros if it has fewer than `width` digits.
    /// - Precondition: the number fits an `Int`.
    package mutating func append(decimal number: some BinaryInteger, width: Int = 1) {
        append(decimal: Int(number), width: width)
    }

    package mutating func append(decimal number: Int, width: Int = 1) {
        // 24 bytes: the digits of an `Int` (at most 19), its sign, and some zeros.
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var rest = UInt64(number.magnitude)
        Swift.withUnsafeMutableBytes(of: &digits) { digits in
            var position = digits.count
            repeat {
                position -= 1
                digits[position] = ASCII.zero + UInt8(rest % 10)
                rest /= 10
            } while (rest > 0 || digits.count - position < width) && position > 0
            if number < 0 {
                position -= 1
                digits[position] = ASCII.hyphen
            }
            append(copying: UnsafeBufferPointer(rebasing: digits.bindMemory(to: UInt8.self)[position...]).span)
        }
    }
}
