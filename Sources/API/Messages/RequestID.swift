internal import Synchronization

/// The ids that tie a reply, its log lines and the balancer's log together.
enum RequestID {
    /// What the ids of this process begin with: no two processes share it.
    private static let prefix = UInt64.random(in: .min ... .max)
    private static let counter = Atomic<UInt64>(0)

    /// A client's own id, if it is safe to repeat in a header and in a log: 1 to 128 of `A–Z a–z 0–9 . _ -`.
    static func accepted(_ text: String) -> String? {
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(isSafe) else { return nil }
        return text
    }

    /// 32 hexadecimal digits, different for each call in any process.
    static func next() -> String {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        return String(unsafeUninitializedCapacity: 32) { digits in
            write(prefix, to: digits, at: 0)
            write(number, to: digits, at: 16)
            return 32
        }
    }

    private static func write(_ value: UInt64, to digits: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        for position in 0..<16 {
            let nibble = UInt8(truncatingIfNeeded: value >> (60 - 4 * UInt64(position))) & 15
            digits[start + position] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
        }
    }

    private static func isSafe(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
