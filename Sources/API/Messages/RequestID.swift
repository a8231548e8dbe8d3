internal import Bytes
internal import Synchronization

/// The id of a request. It is the same in the response, in the node's log and in the balancer's log.
enum RequestID {
    /// The first half of all ids of this process. It is random, so that ids of different processes differ.
    private static let prefix = UInt64.random(in: .min ... .max)
    private static let counter = Atomic<UInt64>(0)

    /// The client's id if it is safe to repeat in headers and logs: 1 to 128 characters of `A–Z a–z 0–9 . _ -`.
    static func accepted(_ text: String) -> String? {
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(isSafe) else { return nil }
        return text
    }

    /// A new id: 32 hexadecimal digits, unique over all processes.
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
            digits[start + position] = Hex.digit(UInt8(truncatingIfNeeded: value >> (60 - 4 * UInt64(position))) & 15)
        }
    }

    private static func isSafe(_ byte: UInt8) -> Bool {
        byte.isDigit || byte.isLetter || byte == ASCII.dot || byte == ASCII.underscore || byte == ASCII.hyphen
    }
}
