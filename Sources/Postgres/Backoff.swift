/// The pauses between attempts: exponential backoff with full jitter.
///
/// Each pause is a random time between zero and a ceiling. The ceiling doubles with each attempt, up to `cap`. So a
/// thousand clients do not reconnect at the same moment when a database comes back (AWS Architecture Blog, "Exponential
/// Backoff And Jitter": full jitter needs the fewest attempts in total).
package struct Backoff: Sendable {
    /// The maximum of the first pause.
    package let base: Duration
    /// The maximum of every pause.
    package let cap: Duration
    private var attempts = 0

    package init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    /// The maximum of the next pause.
    package var ceiling: Duration {
        // The limit of 2^30 avoids an overflow; the cap is reached long before.
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
