internal import Synchronization

/// A `limit_req_zone`: the buckets of all keys. All loops share it.
package final class RequestZone: Sendable {
    package let name: String
    package let rate: RequestRate
    let shards: [Shard]

    final class Shard: Sendable {
        let table: Mutex<BucketTable>

        init(capacity: Int) { table = Mutex(BucketTable(capacity: capacity)) }
    }

    /// - Parameters:
    ///   - size: in bytes; 1 MiB holds about 8,000 keys. If the zone is full, the least recently used key is evicted.
    ///   - shards: the number of parts, each with its own lock. A zone below 1 MiB has one part.
    package init(name: String, rate: RequestRate, size: Int, shards: Int = 8) {
        self.name = name
        self.rate = rate
        // A small zone is not divided, so that it always evicts the least recently used of all its keys.
        let count = size >= 1 << 20 ? max(1, shards) : 1
        self.shards = (0..<count).map { _ in Shard(capacity: size / count) }
    }

    func locate(_ key: Span<UInt8>) -> (shard: Shard, hash: Int) {
        // The hash is seeded at random in each process, so that an attacker cannot choose keys that collide.
        var hasher = Hasher()
        key.withUnsafeBytes { hasher.combine(bytes: $0) }
        let hash = hasher.finalize()
        // Scale the upper 16 bits to the number of shards. A remainder would need a division.
        let shard = (Int(UInt(bitPattern: hash) >> 48) * shards.count) >> 16
        return (shards[shard], hash)
    }

    /// The most recently used keys, each with its budget.
    /// - Parameters:
    ///   - burst: the `burst` of the `limit_req` whose budgets are returned
    ///   - limit: the maximum number of keys
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
        // `clients` has the most recently used keys of each shard, and so also those of the whole zone.
        clients.sort { $0.last > $1.last }
        return clients.prefix(limit).map(\.client)
    }

    /// The number of keys whose bucket has not drained.
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
}

/// A client as `/lb/rate-limits` shows it.
package struct ClientBudget: Sendable, Hashable {
    /// The value of the zone's key, for example the 4 or 16 bytes of an address.
    package let key: [UInt8]
    package let budget: RequestBudget
}
