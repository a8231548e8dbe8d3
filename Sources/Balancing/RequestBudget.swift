/// What a key may still do, as the `RateLimit` and `Retry-After` headers and `/lb/rate-limits` tell it.
///
/// A leaky bucket has no window; it is described as one of `limit` = burst + 1 requests, which is what a client that
/// was quiet may send at once, and which drains in (burst + 1) / rate.
package struct RequestBudget: Sendable, Hashable {
    /// Requests per window: burst + 1.
    package let limit: Int
    /// The time in which `limit` requests may come, in whole seconds.
    package let windowSeconds: Int
    /// Requests that would be admitted if they came now.
    package let remaining: Int
    /// Until everything is available again.
    package let reset: Milliseconds
    /// Until the next request would be admitted; 0 if one would be now.
    package let retry: Milliseconds

    /// Counted as taken: `limit` − `remaining`.
    package var used: Int { limit - remaining }
    /// `window_reset_in`: until the client's whole budget is back, in whole seconds, rounded up. Never more than the
    /// window, which itself is rounded: nginx cuts 5 requests a minute off to 0.083 a second, 60.2 s for the five.
    package var resetSeconds: Int { min(windowSeconds, Int((reset + 999) / 1_000)) }
    /// `Retry-After`: whole seconds, rounded up, at least 1.
    package var retrySeconds: Int { max(1, Int((retry + 999) / 1_000)) }

    init(_ bucket: LeakyBucket, at now: Milliseconds, burst: Int, rate: RequestRate) {
        limit = burst + 1
        windowSeconds = Self.windowSeconds(burst: burst, rate: rate)
        let capacity = Int64(limit) * 1_000
        remaining = Int(max(0, (capacity - bucket.level(at: now, rate: rate)) / 1_000))
        // From the bucket's own time on, or what drained in part would be rounded off twice.
        let fill = bucket.excess + 1_000
        reset = max(0, bucket.last - now + rate.timeRoundedUp(for: fill))
        retry = max(0, bucket.last - now + rate.timeRoundedUp(for: max(0, fill + 1_000 - capacity)))
    }

    /// The window in whole seconds, to the nearest: `window_seconds`, `w=` of `RateLimit-Policy`.
    package static func windowSeconds(burst: Int, rate: RequestRate) -> Int {
        max(1, Int((rate.time(for: Int64(burst + 1) * 1_000) + 500) / 1_000))
    }
}
