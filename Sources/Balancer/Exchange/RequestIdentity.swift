internal import Glibc
internal import Reactor

/// Ids for requests: 32 hexadecimal digits, as nginx's `$request_id`. One maker for each loop.
///
/// They are secret: nodes derive the ids of tasks from them, and who knows a task's id may read its result. So they come
/// from the system's generator, many at a time.
struct RequestIdentity {
    private var supply = [SIMD4<UInt32>](repeating: .zero, count: 16)
    private var unused = 0

    mutating func append(to bytes: inout [UInt8]) {
        if unused == 0 { refill() }
        unused -= 1
        let id = supply[unused]
        let digits = SIMD4(
            Self.digits(of: id[0]), Self.digits(of: id[1]), Self.digits(of: id[2]), Self.digits(of: id[3]))
        withUnsafeBytes(of: digits) { bytes.append(contentsOf: $0.bindMemory(to: UInt8.self).span) }
    }

    /// Eight hexadecimal digits as the bytes of one number, all of them made at once.
    private static func digits(of value: UInt32) -> UInt64 {
        var nibbles = UInt64(value)
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        // `a` is 0x27 beyond what follows `9`.
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    /// One system call for 16 requests, of as many bytes as it gives at once (getentropy(3)).
    private mutating func refill() {
        let size = supply.count * MemoryLayout<SIMD4<UInt32>>.size
        precondition(getentropy(&supply, size) == 0, "the system has no random bytes")
        unused = supply.count
    }

    /// 1 to 128 bytes of `[A-Za-z0-9._-]`: an id of the client's that is safe to repeat anywhere.
    static func isSane(_ id: Span<UInt8>) -> Bool {
        guard (1...128).contains(id.count) else { return false }
        for index in id.indices {
            switch id[index] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: continue
            default: return false
            }
        }
        return true
    }
}
