internal import Synchronization

/// A `limit_conn_zone`: how many requests of each key are under way, shared by all loops.
package final class ConnectionZone: Sendable {
    package let name: String
    private let shards: [Shard]
    /// Keys of one shard.
    private let capacity: Int

    private final class Shard: Sendable {
        let counts = Mutex<[[UInt8]: Int]>([:])
    }

    /// nginx keeps 16,000 states of 64 bytes in a megabyte.
    private static let stateSize = 64

    /// - Parameters:
    ///   - size: the zone's size in bytes; a key that finds no room is refused, as in nginx.
    ///   - shards: parts with a lock of their own each.
    package init(name: String, size: Int, shards: Int = 8) {
        self.name = name
        let count = size >= 1 << 20 ? max(1, shards) : 1
        capacity = max(1, size / Self.stateSize / count)
        self.shards = (0..<count).map { _ in Shard() }
    }

    /// Counts a request, unless `limit` of its key are under way.
    /// - Returns: whether it was counted; then ``leave(_:)`` is to be called at its end
    package func enter(_ key: [UInt8], limit: Int) -> Bool {
        shard(of: key).counts.withLock { counts in
            if let count = counts[key] {
                guard count < limit else { return false }
                counts[key] = count + 1
                return true
            }
            guard counts.count < capacity else { return false }
            counts[key] = 1
            return true
        }
    }

    package func leave(_ key: [UInt8]) {
        shard(of: key).counts.withLock { counts in
            guard let count = counts[key] else { return }
            counts[key] = count > 1 ? count - 1 : nil
        }
    }

    /// Keys with a request under way.
    package var keyCount: Int { shards.reduce(0) { $0 + $1.counts.withLock(\.count) } }

    private func shard(of key: [UInt8]) -> Shard {
        shards[Int(UInt(bitPattern: key.hashValue) >> 48) % shards.count]
    }
}
