internal import Synchronization

/// A `limit_req_zone`: the buckets of all keys, shared by all loops.
package final class RequestZone: Sendable {
    package let name: String
    package let rate: RequestRate
    private let shards: [Shard]

    final class Shard: Sendable {
        let table: Mutex<BucketTable>

        init(capacity: Int) { table = Mutex(BucketTable(capacity: capacity)) }
    }

    /// - Parameters:
    ///   - size: the zone's size in bytes; 1 MiB holds about 8,000 clients. What is beyond is forgotten, oldest first.
    ///   - shards: parts with a lock of their own each.
    package init(name: String, rate: RequestRate, size: Int, shards: Int = 8) {
        self.name = name
        self.rate = rate
        // A small zone stays whole, so that eviction is strictly by age.
        let count = size >= 1 << 20 ? max(1, shards) : 1
        self.shards = (0..<count).map { _ in Shard(capacity: size / count) }
    }

    func locate(_ key: Span<UInt8>) -> (shard: Shard, hash: Int) {
        // Seeded at random in each process: nobody outside can aim keys at one chain.
        var hasher = Hasher()
        key.withUnsafeBytes { hasher.combine(bytes: $0) }
        let hash = hasher.finalize()
        // The upper 16 bits as a fraction: a remainder would take a division.
        let shard = (Int(UInt(bitPattern: hash) >> 48) * shards.count) >> 16
        return (shards[shard], hash)
    }

    /// The keys most recently used, with what they may still do under a limit with this burst.
    /// - Parameter limit: the most keys to list.
    package func clients(burst: Int, now: Milliseconds, limit: Int) -> [ClientBudget] {
        var clients: [(last: Milliseconds, client: ClientBudget)] = []
        for shard in shards {
            shard.table.withLock { table in
                var left = limit
                table.forEach { entry in
                    if entry.bucket.level(at: now, rate: rate) > 0 {
                        let budget = RequestBudget(entry.bucket, at: now, burst: burst, rate: rate)
                        clients.append((entry.bucket.last, ClientBudget(key: entry.key, budget: budget)))
                        left -= 1
                    }
                    return left > 0
                }
            }
        }
        // Each shard gave its newest; the newest of all are among them.
        clients.sort { $0.last > $1.last }
        return clients.prefix(limit).map(\.client)
    }

    /// Keys with something left in their window.
    package func activeClients(now: Milliseconds) -> Int {
        shards.reduce(0) { total, shard in
            total
                + shard.table.withLock { table in
                    var count = 0
                    table.forEach { entry in
                        if entry.bucket.level(at: now, rate: rate) > 0 { count += 1 }
                        return true
                    }
                    return count
                }
        }
    }

    /// Keys held, those without anything left included.
    package var keyCount: Int { shards.reduce(0) { $0 + $1.table.withLock(\.count) } }
}

/// A client in the view of `/lb/rate-limits`.
package struct ClientBudget: Sendable, Hashable {
    /// The bytes of the zone's key, for example 4 or 16 of an address.
    package let key: [UInt8]
    package let budget: RequestBudget
}
