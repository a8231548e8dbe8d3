internal import Bytes
internal import Tasks

/// The key that the web server gives a request. It is the same for every node that the request is sent to. Its form is
/// `SECONDS.MILLISECONDS-RANDOM`, in nginx's variables `$msec-$request_id`.
///
/// The ids of the request's tasks are computed from the key. If a node accepts a request and dies before it answers,
/// the request is sent to another node, which inserts rows with the same primary keys. So there is no second task, and
/// nothing else has to be stored or looked up. The time is part of the key, because indexes and partitions depend on
/// ids that sort by time. The rest of an id is a part of a keyed digest, whose secret follows from the key. So ids do
/// not reveal the output of the server's random generator, and one id tells nothing of the request's other ids.
package struct RequestKey: Sendable, Hashable {
    /// Milliseconds since 1970, followed by 12 bits that number the tasks.
    private let tick: UInt64
    /// The random part of the first id.
    private let first: UInt64
    /// The secret of the other ids, 24 bytes.
    private let secret: [UInt8]

    /// The maximum difference between the time in the key and this node's clock. It is limited because the time becomes
    /// part of the ids, which determine the partitions of finished tasks.
    private static let tolerance = Duration.seconds(3600)
    /// The length of the random part, in bytes.
    private static let randomLength = 16...128

    /// - Returns: `nil` if the text has another form, or a time that is too far from `now`.
    package init?(_ text: String, now: Timestamp = NodeClock.now) {
        let parts = text.utf8.split(separator: ASCII.hyphen, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, Self.randomLength.contains(parts[1].count) else { return nil }
        let time = parts[0].split(separator: ASCII.dot, omittingEmptySubsequences: false)
        guard time.count == 2, time[1].count == 3, let seconds = Self.decimal(time[0]),
            let milliseconds = Self.decimal(time[1])
        else { return nil }
        let made = Timestamp(microseconds: seconds * 1_000_000 + milliseconds * 1000)
        guard made > now.advanced(by: .zero - Self.tolerance), made < now.advanced(by: Self.tolerance) else {
            return nil
        }
        tick = UInt64(seconds * 1000 + milliseconds) << 12
        let digest = KeyedDigest.make(secret: Self.purpose, Array(text.utf8))
        first = Self.number(digest.prefix(8))
        secret = Array(digest.dropFirst(8))
    }

    private static let purpose = Array("millrace task ids of a request".utf8)

    /// The id of one of the request's tasks.
    /// - Parameter number: the task's place in the request, from 0.
    package func taskID(_ number: Int) -> TaskID {
        guard number > 0 else { return TaskID(tick: tick, random: first) }
        let block = (number - 1) / Self.idsOfDigest
        return id(number, Self.digest(KeyedDigest(secret: secret), block))
    }

    /// The ids of the request's first `count` tasks.
    package func taskIDs(_ count: Int) -> [TaskID] {
        guard count > 1 else { return count == 1 ? [taskID(0)] : [] }
        let keyed = KeyedDigest(secret: secret)
        var digest: [UInt8] = []
        var ids = [taskID(0)]
        ids.reserveCapacity(count)
        for number in 1..<count {
            let (block, place) = (number - 1).quotientAndRemainder(dividingBy: Self.idsOfDigest)
            if place == 0 { digest = Self.digest(keyed, block) }
            ids.append(id(number, digest))
        }
        return ids
    }

    /// A digest has 32 bytes, and an id takes 8 of them.
    private static let idsOfDigest = 4

    private static func digest(_ keyed: KeyedDigest, _ block: Int) -> [UInt8] {
        keyed.make(withUnsafeBytes(of: UInt64(block).bigEndian) { Array($0) })
    }

    private func id(_ number: Int, _ digest: [UInt8]) -> TaskID {
        let start = (number - 1) % Self.idsOfDigest * 8
        return TaskID(tick: tick + UInt64(number), random: Self.number(digest[start..<start + 8]))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func decimal(_ digits: some Collection<UInt8>) -> Int64? {
        guard (1...10).contains(digits.count) else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard digit.isDigit else { return nil }
            number = number * 10 + Int64(digit - ASCII.zero)
        }
        return number
    }
}
