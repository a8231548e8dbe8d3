/// The leaky bucket of one key, with nginx's limit_req arithmetic, in thousandths of a request.
struct LeakyBucket {
    /// How far the key was ahead of its rate at the time ``last``, in thousandths of a request.
    private(set) var excess: Int64
    private(set) var last: Milliseconds

    /// Creates the bucket of a new key. The key's first request causes no excess.
    init(at now: Milliseconds) {
        excess = 0
        last = now
    }

    /// The excess if one more request came now.
    func excessAfterRequest(at now: Milliseconds, rate: RequestRate) -> Int64 {
        max(0, excess - rate.thousandths(in: elapsed(at: now)) + 1_000)
    }

    mutating func charge(at now: Milliseconds, rate: RequestRate) {
        excess = excessAfterRequest(at: now, rate: rate)
        last = max(last, now)
    }

    /// How full the bucket is now: 0 if it has drained, 1,000 right after a first request.
    func level(at now: Milliseconds, rate: RequestRate) -> Int64 {
        max(0, excess + 1_000 - rate.thousandths(in: elapsed(at: now)))
    }

    /// Whether the key was idle for a minute and has no excess. nginx evicts such entries first.
    func isEvictable(at now: Milliseconds, rate: RequestRate) -> Bool {
        now - last >= 60_000 && excess <= rate.thousandths(in: now - last)
    }

    /// Each loop reads the clock itself, so `now` can be before `last`. If so, no time has elapsed.
    private func elapsed(at now: Milliseconds) -> Milliseconds { max(0, now - last) }
}
