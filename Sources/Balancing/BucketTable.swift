/// One leaky bucket per key, in bounded memory. The entries of one array form a hash table, and also a list in the
/// order of their last use.
///
/// A lookup of an existing key allocates nothing. The size of an entry is calculated as for nginx's shared memory, so
/// that `zone=…:1m` holds about as many clients as in nginx (8,000).
struct BucketTable {
    struct Entry {
        var key: [UInt8]
        var hash: Int
        var bucket: LeakyBucket
        /// The next entry of the same hash chain, or of the free list; -1: none.
        var next: Int32
        var newer: Int32
        var older: Int32
    }

    private(set) var entries: [Entry] = []
    private var heads: [Int32]
    private var free: Int32 = -1
    private(set) var newest: Int32 = -1
    private var oldest: Int32 = -1
    private(set) var count = 0
    private var bytes = 0
    private let capacity: Int

    /// - Parameter capacity: in bytes. The table holds at least one entry.
    init(capacity: Int) {
        self.capacity = capacity
        heads = Array(repeating: -1, count: 16)
    }

    /// The size of an entry in nginx's slab allocator: 80 bytes and the key, rounded up to a power of two.
    static func cost(ofKey length: Int) -> Int {
        var size = 128
        while size < 80 + length { size *= 2 }
        return size
    }

    func find(_ key: Span<UInt8>, hash: Int) -> Int? {
        var index = heads[hash & (heads.count - 1)]
        while index >= 0 {
            let entry = Int(index)
            if entries[entry].hash == hash, matches(entries[entry].key, key) { return entry }
            index = entries[entry].next
        }
        return nil
    }

    /// Marks the bucket as the most recently used one.
    mutating func touch(_ index: Int) {
        guard newest != Int32(index) else { return }
        unlink(index)
        linkAsNewest(index)
    }

    /// Adds a bucket for a new key. Evicts other buckets if there is no room.
    mutating func insert(_ key: Span<UInt8>, hash: Int, now: Milliseconds, rate: RequestRate) -> Int {
        // As in nginx, each new entry evicts up to two entries that were unused for a minute and have no excess. If
        // there is still no room, evict the least recently used entries, even if they have an excess.
        for _ in 0..<2 where oldest >= 0 && entries[Int(oldest)].bucket.isEvictable(at: now, rate: rate) {
            remove(Int(oldest))
        }
        let cost = Self.cost(ofKey: key.count)
        while bytes + cost > capacity, oldest >= 0 { remove(Int(oldest)) }
        if count == heads.count { grow() }

        var bytesOfKey: [UInt8] = []
        bytesOfKey.reserveCapacity(key.count)
        for index in key.indices { bytesOfKey.append(key[index]) }
        let slot = hash & (heads.count - 1)
        let entry = Entry(
            key: bytesOfKey, hash: hash, bucket: LeakyBucket(at: now), next: heads[slot], newer: -1, older: -1)
        let index: Int
        if free >= 0 {
            index = Int(free)
            free = entries[index].next
            entries[index] = entry
        } else {
            index = entries.count
            entries.append(entry)
        }
        heads[slot] = Int32(index)
        linkAsNewest(index)
        count += 1
        bytes += cost
        return index
    }

    mutating func charge(_ index: Int, at now: Milliseconds, rate: RequestRate) {
        entries[index].bucket.charge(at: now, rate: rate)
    }

    /// Calls `body` for each entry, the most recently used first, until `body` returns false.
    func forEach(_ body: (Entry) -> Bool) {
        var index = newest
        while index >= 0, body(entries[Int(index)]) { index = entries[Int(index)].older }
    }

    private func matches(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    private mutating func remove(_ index: Int) {
        unlink(index)
        let slot = entries[index].hash & (heads.count - 1)
        if heads[slot] == Int32(index) {
            heads[slot] = entries[index].next
        } else {
            var before = Int(heads[slot])
            while entries[before].next != Int32(index) { before = Int(entries[before].next) }
            entries[before].next = entries[index].next
        }
        bytes -= Self.cost(ofKey: entries[index].key.count)
        count -= 1
        entries[index].key = []
        entries[index].next = free
        free = Int32(index)
    }

    private mutating func grow() {
        heads = Array(repeating: -1, count: heads.count * 2)
        var index = newest
        while index >= 0 {
            let slot = entries[Int(index)].hash & (heads.count - 1)
            entries[Int(index)].next = heads[slot]
            heads[slot] = index
            index = entries[Int(index)].older
        }
    }

    private mutating func linkAsNewest(_ index: Int) {
        entries[index].newer = -1
        entries[index].older = newest
        if newest >= 0 { entries[Int(newest)].newer = Int32(index) } else { oldest = Int32(index) }
        newest = Int32(index)
    }

    private mutating func unlink(_ index: Int) {
        let (newer, older) = (entries[index].newer, entries[index].older)
        if newer >= 0 { entries[Int(newer)].older = older } else { newest = older }
        if older >= 0 { entries[Int(older)].newer = newer } else { oldest = newer }
    }
}
