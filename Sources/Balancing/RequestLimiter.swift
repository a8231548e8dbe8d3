internal import Synchronization

/// What the limits say to a request.
package enum Admission: Sendable, Hashable {
    /// The request goes on after `delay` (0: at once).
    case admitted(delay: Milliseconds)
    /// Refused, and charged to no limit.
    /// - Parameters:
    ///   - limit: the index of the limit that refused.
    ///   - excess: in thousandths of a request, as nginx logs it.
    case refused(limit: Int, excess: Int64, budget: RequestBudget)
}

/// The limits of a location, checked together: all of them admit a request, or none is charged.
package final class RequestLimiter: Sendable {
    /// In the order of the configuration.
    package let limits: [RequestLimit]
    /// Locks of several zones are held at once; taking them in one order everywhere rules out a deadlock.
    private let order: [Int]

    /// - Parameter limits: each with a zone of its own (nginx refuses a zone named twice).
    package init(_ limits: [RequestLimit]) {
        self.limits = limits
        order = limits.indices.sorted { ObjectIdentifier(limits[$0].zone) < ObjectIdentifier(limits[$1].zone) }
    }

    /// - Parameter keys: the keys of ``limits``, in the same order. One that is empty or longer than 65,535 bytes
    ///   is not counted, as in nginx.
    package func admit(keys: [[UInt8]], now: Milliseconds) -> Admission {
        admit(keys: keys, now: now, at: 0)
    }

    /// For a single limit.
    package func admit(key: Span<UInt8>, now: Milliseconds) -> Admission {
        admit(key: key, to: 0, now: now) { .admitted(delay: 0) }
    }

    private func admit(keys: [[UInt8]], now: Milliseconds, at position: Int) -> Admission {
        guard position < order.count else { return .admitted(delay: 0) }
        let index = order[position]
        let key = keys[index]
        return admit(key: key.span, to: index, now: now) {
            admit(keys: keys, now: now, at: position + 1)
        }
    }

    /// Checks one limit, asks the rest, and charges only if all admit, with this limit's lock held throughout.
    private func admit(
        key: Span<UInt8>, to index: Int, now: Milliseconds, rest: () -> Admission
    ) -> Admission {
        guard !key.isEmpty, key.count <= 65_535 else { return rest() }
        let limit = limits[index]
        let rate = limit.zone.rate
        let (shard, hash) = limit.zone.locate(key)
        return shard.table.withLock { table in
            let found = table.find(key, hash: hash)
            if let found {
                table.touch(found)
                let bucket = table.entries[found].bucket
                let excess = bucket.excessAfterRequest(at: now, rate: rate)
                if excess > Int64(limit.burst) * 1_000 {
                    let budget = RequestBudget(bucket, at: now, burst: limit.burst, rate: rate)
                    return .refused(limit: index, excess: excess, budget: budget)
                }
            }
            let answer = rest()
            guard case .admitted(let delay) = answer else { return answer }
            guard let found else {
                _ = table.insert(key, hash: hash, now: now, rate: rate)
                return .admitted(delay: delay)
            }
            table.charge(found, at: now, rate: rate)
            return .admitted(delay: max(delay, limit.delay(forExcess: table.entries[found].bucket.excess)))
        }
    }
}
