internal import Bytes
internal import Tasks

/// The key that the web server gives a request. It is the same for every node that the request is sent to. Its form is
/// `SECONDS.MILLISECONDS-RANDOM`, in nginx's variables `$msec-$request_id`.
///
/// The ids of the request's tasks are computed from the key. If a node accepts a request and dies before it answers,
/// the request is sent to another node, which inserts rows with the same primary keys. So there is no second task, and
/// nothing else has to be stored or looked up. The time is part of the key, because indexes and partitions depend on
/// ids that sort by time. The rest of an id is a digest, because ids must not reveal the output of the server's random
/// generator.
package struct RequestKey: Sendable, Hashable {
    /// Milliseconds since 1970, followed by 12 bits that number the tasks.
    private let tick: UInt64
    private let seed: UInt64

    /// The maximum difference between the time in the key and this node's clock. It is limited because the time becomes
    /// part of the ids, which determine the partitions of finished tasks.
    private static let tolerance = Duration.seconds(3600)
    /// The length of the random part, in bytes.
    private static let randomLength = 16...128

    /// - Returns: `nil` if the text has another form, or a time that is too far from `now`.
    package init?(_ text: String, now: Timestamp = .now) {
        let parts = text.utf8.split(separator: ASCII.hyphen, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, Self.randomLength.contains(parts[1].count) else { return nil }
        let time = parts[0].split(separator: ASCII.dot, omittingEmptySubsequences: false)
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

    /// The id of one of the request's tasks.
    /// - Parameter number: the task's place in the request, from 0.
    package func taskID(_ number: Int) -> TaskID {
        TaskID(tick: tick + UInt64(number), random: Self.mixed(seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15))
    }

    /// Mixes the bits (the finalizer of SplitMix64), so that neighbouring numbers result in very different ids.
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
            guard digit.isDigit else { return nil }
            number = number * 10 + Int64(digit - ASCII.zero)
        }
        return number
    }
}
