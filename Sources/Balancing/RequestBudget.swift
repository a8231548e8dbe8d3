/// The remaining requests of a key, as the `RateLimit` and `Retry-After` headers and `/lb/rate-limits` show them.
///
/// A leaky bucket has no window, but these headers need one. The window here has burst + 1 requests, because an idle
/// client can send this many at once. The length of the window is the time in which these requests drain: (burst + 1) /
/// rate.
package struct RequestBudget: Sendable, Hashable {
    /// Requests per window: burst + 1.
    package let limit: Int
    /// The length of the window, in whole seconds.
    package let windowSeconds: Int
    /// Requests that would be admitted now.
    package let remaining: Int
    /// The time until all `limit` requests are available again.
    package let reset: Milliseconds
    /// The time until the next request would be admitted; 0: now.
    package let retry: Milliseconds

    package var used: Int { limit - remaining }
    /// `window_reset_in`: ``reset`` in whole seconds, rounded up, but never more than the window.
    ///
    /// Without this maximum, the value could exceed the window, because the window is rounded to the nearest second.
    /// For example, nginx rounds 5 requests per minute down to 0.083 per second, so five requests take 60.2 s.
    package var resetSeconds: Int { min(windowSeconds, Int((reset + 999) / 1_000)) }
    /// `Retry-After`: ``retry`` in whole seconds, rounded up, at least 1.
    package var retrySeconds: Int { max(1, Int((retry + 999) / 1_000)) }

    init(_ bucket: LeakyBucket, at now: Milliseconds, burst: Int, rate: RequestRate) {
        limit = burst + 1
        windowSeconds = Self.windowSeconds(burst: burst, rate: rate)
        let capacity = Int64(limit) * 1_000
        remaining = Int(max(0, (capacity - bucket.level(at: now, rate: rate)) / 1_000))
        // Calculate from `bucket.last`, not from the level now. In a calculation from the level, the part that has
        // drained since `last` would be rounded twice.
        let fill = bucket.excess + 1_000
        reset = max(0, bucket.last - now + rate.timeRoundedUp(for: fill))
        retry = max(0, bucket.last - now + rate.timeRoundedUp(for: max(0, fill + 1_000 - capacity)))
    }

    /// `window_seconds`, and `w=` of `RateLimit-Policy`: the window, rounded to the nearest second, at least 1.
    package static func windowSeconds(burst: Int, rate: RequestRate) -> Int {
        max(1, Int((rate.time(for: Int64(burst + 1) * 1_000) + 500) / 1_000))
    }
}
