internal import Bytes
internal import Glibc

/// Generates ids of requests: 32 hexadecimal digits, like nginx's `$request_id`. Each loop has its own generator.
///
/// The ids are secret: nodes derive the ids of tasks from them, and anyone who knows a task's id may read its result.
/// So the ids come from the system's random generator, 16 ids for each system call.
struct RequestIDGenerator {
    private var supply = [SIMD4<UInt32>](repeating: .zero, count: 16)
    private var unused = 0

    mutating func append(to bytes: inout [UInt8]) {
        if unused == 0 { refill() }
        unused -= 1
        let id = supply[unused]
        let digits = SIMD4(
            Self.digits(of: id[0]), Self.digits(of: id[1]), Self.digits(of: id[2]), Self.digits(of: id[3]))
        withUnsafeBytes(of: digits) { bytes.append(copying: $0.bindMemory(to: UInt8.self).span) }
    }

    /// Converts a number to eight hexadecimal digits. All eight are computed at once, as the bytes of one number.
    private static func digits(of value: UInt32) -> UInt64 {
        var nibbles = UInt64(value)
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        // The letters do not follow directly after `9`: the code of `a` is 0x27 higher than the code of `:`, the
        // character after `9`.
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    /// Gets 256 random bytes, the maximum of one call of getentropy(3).
    private mutating func refill() {
        let size = supply.count * MemoryLayout<SIMD4<UInt32>>.size
        precondition(getentropy(&supply, size) == 0, "the system has no random bytes")
        unused = supply.count
    }
}
