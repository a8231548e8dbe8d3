/// How closely batches follow each other.
///
/// Most of what a small batch costs does not depend on its size: a statement, a commit, a few wake-ups. Where requests
/// crowd, and batches stay small all the same because there are several nodes or workers, the next batch therefore begins
/// only after a multiple of the time that the last one took, and is larger for it. Batches that are large enough follow
/// each other at once, and so do those of a system that is not busy: where fewer than two requests come in the time that
/// a batch takes, a pause would cost latency and save next to nothing. Where nobody waits for what a batch does, they may
/// be further apart. The time is an argument.
package struct BatchPace: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// How far a pause goes.
    package enum Patience: Sendable {
        /// Somebody waits for what a batch does.
        case short
        /// Nobody does.
        case long

        /// Of so many the pause costs more than the fixed cost of a batch that they share.
        fileprivate var worthwhile: Double {
            switch self {
            case .short: 6
            case .long: 200
            }
        }

        /// From the beginning of one batch to the beginning of the next, in times that it took, at most.
        fileprivate var most: Double {
            switch self {
            case .short: 2
            case .long: 8
            }
        }

        func factor(_ count: Int) -> Double { min(most, max(1, worthwhile / Double(max(1, count)))) }
    }

    /// Requests in the time of a batch that make a crowd.
    private static let crowd = 2.0
    /// From the beginning of one batch to the beginning of the next, at most.
    package static let longestInterval = Duration.milliseconds(8)
    /// Batches for nothing after which others go first.
    private static let vainBatches = 3

    private var lastStart: Instant?
    private var notBefore: Instant?
    private var vain = 0

    package init() {}

    /// How long the next batch has to wait; zero: it may begin.
    package func pause(at now: Instant) -> Duration {
        guard let notBefore, notBefore > now else { return .zero }
        return notBefore - now
    }

    /// A batch has been dealt with.
    /// - Parameters:
    ///   - count: how many there were of it.
    ///   - isBacklog: there is as much left as a batch takes: nothing to wait for.
    package mutating func ended(
        _ count: Int, isBacklog: Bool = false, patience: Patience = .short, start: Instant, end: Instant
    ) {
        vain = 0
        let took = end - start
        let interval = lastStart.map { max(took, start - $0) }
        lastStart = start
        notBefore = nil
        guard !isBacklog, let interval, interval > .zero else { return }
        if Double(count) * (took / interval) >= Self.crowd {
            notBefore = start + min(Self.longestInterval, took * patience.factor(count))
        }
    }

    /// A batch was started for nothing: others were faster. If that goes on they will be the next time, too.
    package mutating func wasVain(start: Instant) {
        vain += 1
        lastStart = start
        notBefore = vain < Self.vainBatches ? nil : start + Self.longestInterval
    }
}
