/// How closely batches follow each other.
///
/// Most of what a small batch costs does not depend on its size: a statement, a commit, a few wake-ups. Where requests
/// crowd, the next batch therefore begins only after a multiple of the time that the last one took, and is larger for it.
/// So the pauses are short on an idle machine and grow as it fills, and a disk so slow that requests gather anyway causes
/// none. A request that comes alone waits for nothing, nor does a client's next one. The time is an argument.
///
/// Measured with 32 clients on 3 nodes, 3 workers and 2 cores: submissions of 6.7 tasks instead of 2.4, and 3/5 of the
/// processor time in PostgreSQL for each task.
package struct BatchPace: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// From the beginning of one batch to the beginning of the next, in times that it took.
    private static func factor(_ count: Int) -> Double { min(3, max(1, worthwhile / Double(max(1, count)))) }
    /// Three times as many as a batch needs for its fixed cost not to matter any more.
    private static let worthwhile = 24.0
    /// The same, at most.
    package static let longestInterval = Duration.milliseconds(8)

    private let shortest: Duration
    private var notBefore: Instant?
    private var isCrowded = false
    private var hasPaused = false

    /// - Parameter shortest: the interval at least.
    package init(shortest: Duration) {
        self.shortest = shortest
    }

    /// How long the next batch has to wait; zero: it may begin.
    package mutating func pause(at now: Instant) -> Duration {
        guard isCrowded, let notBefore, notBefore > now else { return .zero }
        hasPaused = true
        return notBefore - now
    }

    /// A batch has been dealt with.
    /// - Parameters:
    ///   - count: how many there were of it.
    ///   - isCrowded: it was of several, or more have arrived meanwhile. Otherwise, if the batch waited, it did so in
    ///     vain, and the next one does not.
    package mutating func ended(_ count: Int, isCrowded crowded: Bool, start: Instant, end: Instant) {
        isCrowded = crowded || isCrowded && !hasPaused
        hasPaused = false
        notBefore = start + min(Self.longestInterval, max(shortest, (end - start) * Self.factor(count)))
    }

    /// A batch was started for nothing: others were faster, and will be the next time.
    package mutating func wasVain(start: Instant) {
        isCrowded = true
        hasPaused = false
        notBefore = start + Self.longestInterval
    }
}
