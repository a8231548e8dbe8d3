internal import Synchronization

/// The decision of the limits about a request.
package enum Admission: Sendable, Hashable {
    /// The request continues after `delay`; 0: at once.
    case admitted(delay: Milliseconds)
    /// The request is refused, and no limit counts it.
    /// - Parameters:
    ///   - limit: the index of the limit that refused the request
    ///   - excess: in thousandths of a request; nginx logs this number
    case refused(limit: Int, excess: Int64, budget: RequestBudget)
}

/// The limits of a location. They count a request only if all of them admit it.
package final class RequestLimiter: Sendable {
    /// The limits in the order of the configuration.
    package let limits: [RequestLimit]
    /// Indices of ``limits``, in the order in which the zones are locked. A request can lock several zones at the same
    /// time. All limiters use the same order, which prevents a deadlock.
    private let order: [Int]

    /// - Parameter limits: each with a different zone, as the check of the configuration guarantees
    package init(_ limits: [RequestLimit]) {
        self.limits = limits
        order = limits.indices.sorted { ObjectIdentifier(limits[$0].zone) < ObjectIdentifier(limits[$1].zone) }
    }

    /// - Parameter keys: one for each of ``limits``. A limit ignores a key that is empty or longer than 65,535 bytes,
    ///   as in nginx.
    package func admit(keys: [[UInt8]], now: Milliseconds) -> Admission {
        admit(keys: keys, now: now, at: 0)
    }

    /// A faster variant for a limiter with one limit.
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

    /// Checks one limit and then, with `rest`, the others. Counts the request if all admit it. Holds the lock of this
    /// limit until `rest` has returned.
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
