internal import Bytes
internal import Glibc
internal import Synchronization

/// The id of a task: a UUID of version 7 (RFC 9562, section 5.7), so ids sort by the time at which they were made.
///
/// The database depends on that order: new rows go to the end of an index, and the partition of a finished task follows
/// from its id alone.
package struct TaskID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The first 8 bytes as a number: 48 bits of milliseconds since 1970, 4 bits of version, 12 bits of the fraction of
    /// a millisecond.
    let high: UInt64
    /// The last 8 bytes: the variant (2 bits) and 62 random bits.
    let low: UInt64

    /// The time of the last id, in 4096ths of a millisecond. With it, the ids of one process always grow, even if the
    /// clock is set back.
    private static let lastTick = Atomic<UInt64>(0)

    /// A new id, greater than all ids that this process has made before. Its random bits come from the kernel's random
    /// generator (`SystemRandomNumberGenerator`), so one id tells nothing about the random bits of other ids.
    package init() {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let nanoseconds = UInt64(now.tv_nsec)
        let milliseconds = UInt64(now.tv_sec) * 1000 + nanoseconds / 1_000_000
        let corrected = milliseconds &+ UInt64(bitPattern: NodeClock.correction)
        let clock = corrected << 12 | (nanoseconds % 1_000_000) * 4096 / 1_000_000
        var last = Self.lastTick.load(ordering: .relaxed)
        while true {
            let next = max(clock, last + 1)
            let (isStored, seen) = Self.lastTick.compareExchange(expected: last, desired: next, ordering: .relaxed)
            if isStored {
                self.init(tick: next, random: .random(in: 0...UInt64.max))
                return
            }
            last = seen
        }
    }

    /// Call this after the clock was corrected (``NodeClock``). The next id may then be smaller than the last one.
    static func forgetLast() { lastTick.store(0, ordering: .relaxed) }

    init(tick: UInt64, random: UInt64) {
        high = (tick >> 12) << 16 | 0x7000 | (tick & 0xFFF)
        low = random & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The smallest possible id of a task that is made at `time`. It is the bound of a partition.
    init(lowestAt time: Timestamp) {
        self.init(high: UInt64(max(0, time.microseconds / 1000)) << 16, low: 0)
    }

    /// Parses the text of any UUID (8-4-4-4-12 hexadecimal digits, either case).
    package init?(_ text: some StringProtocol) {
        var parts: (high: UInt64, low: UInt64) = (0, 0)
        var position = 0
        var digits = 0
        for byte in text.utf8 {
            defer { position += 1 }
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == ASCII.hyphen else { return nil }
                continue
            }
            guard let digit = byte.hexValue.map(UInt64.init) else { return nil }
            if digits < 16 { parts.high = parts.high << 4 | digit } else { parts.low = parts.low << 4 | digit }
            digits += 1
            guard digits <= 32 else { return nil }
        }
        guard digits == 32, position == 36 else { return nil }
        self.init(high: parts.high, low: parts.low)
    }

    /// - Parameter bytes: 16, most significant first.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var parts: (high: UInt64, low: UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < 8 {
                parts.high = parts.high << 8 | UInt64(byte)
            } else {
                parts.low = parts.low << 8 | UInt64(byte)
            }
        }
        self.init(high: parts.high, low: parts.low)
    }

    /// 16 bytes, most significant first.
    package var bytes: [UInt8] {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) }
    }

    /// When the id was made, if it is of version 7.
    package var createdAt: Timestamp? {
        guard high >> 12 & 0xF == 7 else { return nil }
        return Timestamp(microseconds: Int64(high >> 16) * 1000)
    }

    package var description: String {
        String(unsafeUninitializedCapacity: 36) { text in
            var written = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    text[written] = ASCII.hyphen
                    written += 1
                }
                let half = digit < 16 ? high : low
                let value = UInt8(half >> UInt64((15 - digit % 16) * 4) & 0xF)
                text[written] = Hex.digit(value)
                written += 1
            }
            return written
        }
    }

    package static func < (left: TaskID, right: TaskID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
