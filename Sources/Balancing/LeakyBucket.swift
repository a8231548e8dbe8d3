/// nginx's limit_req arithmetic for one key, in thousandths of a request.
struct LeakyBucket {
    /// How far the key is ahead of its rate since `last`.
    private(set) var excess: Int64
    private(set) var last: Milliseconds

    /// A key seen for the first time: its first request is free.
    init(at now: Milliseconds) {
        excess = 0
        last = now
    }

    /// What the excess would be with one more request now.
    func excessAfterRequest(at now: Milliseconds, rate: RequestRate) -> Int64 {
        max(0, excess - rate.thousandths(in: elapsed(at: now)) + 1_000)
    }

    mutating func charge(at now: Milliseconds, rate: RequestRate) {
        excess = excessAfterRequest(at: now, rate: rate)
        last = max(last, now)
    }

    /// How full the bucket is now: 0 when nothing of the key is left, 1,000 right after a first request.
    func level(at now: Milliseconds, rate: RequestRate) -> Int64 {
        max(0, excess + 1_000 - rate.thousandths(in: elapsed(at: now)))
    }

    /// nginx evicts such entries first: idle for a minute and without excess.
    func isForgettable(at now: Milliseconds, rate: RequestRate) -> Bool {
        now - last >= 60_000 && excess <= rate.thousandths(in: now - last)
    }

    /// Loops read the clock on their own: a time before the last one counts as the same time.
    private func elapsed(at now: Milliseconds) -> Milliseconds { max(0, now - last) }
}
