internal import Synchronization

/// A `limit_conn_zone`: the number of active requests per key. All loops share it.
package final class ConnectionZone: Sendable {
    package let name: String
    let shards: [Shard]
    /// The maximum number of keys in one shard.
    private let capacity: Int

    final class Shard: Sendable {
        let counts = Mutex<[[UInt8]: Int]>([:])
    }

    /// The size of an entry in nginx, in bytes. One megabyte holds 16,000 entries.
    private static let stateSize = 64

    /// - Parameters:
    ///   - size: in bytes. If the zone is full, requests with a new key are refused, as in nginx.
    ///   - shards: the number of parts, each with its own lock. A zone below 1 MiB has one part.
    package init(name: String, size: Int, shards: Int = 8) {
        self.name = name
        let count = size >= 1 << 20 ? max(1, shards) : 1
        capacity = max(1, size / Self.stateSize / count)
        self.shards = (0..<count).map { _ in Shard() }
    }

    /// Counts a request, unless `limit` requests of its key are active already.
    /// - Returns: whether the request was counted. If so, call ``leave(_:)`` at its end.
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

    private func shard(of key: [UInt8]) -> Shard {
        shards[Int(UInt(bitPattern: key.hashValue) >> 48) % shards.count]
    }
}
