/// Ids for requests: 32 hexadecimal digits, as nginx's `$request_id`. One maker for each loop.
struct RequestIdentity {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init() {
        var random = SystemRandomNumberGenerator()
        state = (random.next(), random.next(), random.next(), random.next() | 1)
    }

    mutating func append(to bytes: inout [UInt8]) {
        for half in [next(), next()] {
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                let digit = UInt8(half >> shift & 15)
                bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            }
        }
    }

    /// xoshiro256**: unique, not secret.
    private mutating func next() -> UInt64 {
        let result = rotated(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotated(state.3, 45)
        return result
    }

    private func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }

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
