internal import Tasks

/// What the web server in front calls a request, the same for every node that it is given to:
/// `SECONDS.MILLISECONDS-RANDOM`, in nginx's words `$msec-$request_id`.
///
/// The ids of the request's tasks follow from it. So a request that was accepted by a node which died before it could
/// say so, and is given to another, is the same rows with the same primary keys: there is no second task, and nothing
/// more to store or to look up an index for. The time is part of it because ids sort by time, which indexes and
/// partitions live on; the rest of an id is a digest, as ids must not tell what the server's generator makes.
package struct RequestKey: Sendable, Hashable {
    /// Milliseconds since 1970, and the 4096ths that number the tasks.
    private let tick: UInt64
    private let seed: UInt64

    /// How far the server's clock may be off: the day that a finished task is filed under follows from its id.
    private static let tolerance = Duration.seconds(3600)
    private static let random = 16...128

    /// - Returns: `nil`: it is none, or its time is not now.
    package init?(_ text: String, now: Timestamp = .now) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, Self.random.contains(parts[1].count) else { return nil }
        let time = parts[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard time.count == 2, time[1].count == 3, let seconds = Self.number(time[0]),
            let milliseconds = Self.number(time[1])
        else { return nil }
        let made = Timestamp(microseconds: seconds * 1_000_000 + milliseconds * 1000)
        guard made > now.advanced(by: .zero - Self.tolerance), made < now.advanced(by: Self.tolerance) else {
            return nil
        }
        tick = UInt64(seconds * 1000 + milliseconds) << 12
        seed = KeyedDigest.make(secret: Self.purpose, Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static let purpose = Array("millrace task ids of a request".utf8)

    /// The id of the request's task of that number, from 0.
    package func taskID(_ number: Int) -> TaskID {
        TaskID(tick: tick + UInt64(number), random: Self.mixed(seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15))
    }

    /// The finalizer of SplitMix64: neighbouring numbers give unlike ids.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        guard (1...10).contains(digits.count) else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
            number = number * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
