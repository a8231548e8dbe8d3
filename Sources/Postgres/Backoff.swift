/// Pauses between attempts: exponential, with full jitter.
///
/// Each pause is drawn evenly from nothing up to a ceiling that doubles, so that a thousand clients of a database that
/// comes back do not knock at once (AWS Architecture Blog, "Exponential Backoff And Jitter": full jitter needs the
/// fewest attempts in all).
package struct Backoff: Sendable {
    /// The first ceiling.
    package let base: Duration
    /// The last ceiling.
    package let cap: Duration
    private var attempts = 0

    package init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    /// What the next pause is at most.
    package var ceiling: Duration {
        // 2^30 times any base is above any cap.
        min(cap, base * (1 << min(attempts, 30)))
    }

    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = ceiling
        attempts += 1
        return ceiling * Double.random(in: 0...1, using: &generator)
    }

    package mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    package mutating func reset() { attempts = 0 }
}
