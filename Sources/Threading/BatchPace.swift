/// Decides how long to pause between two batches.
///
/// Every batch has the same fixed cost: a statement, a commit, a few wake-ups. For a small batch, this is most of its
/// cost. Batches can be small even under a high load, because several nodes or workers share the requests. In this
/// case, the next batch starts only after a multiple of the time that the last batch took, and is therefore larger.
///
/// There is no pause after a batch that is large enough. There is also no pause if fewer than two requests arrive in
/// the time that a batch takes: the pause would cost latency and save almost nothing. If no client waits for the batch,
/// the pause can be longer. This struct reads no clock: the caller passes the times.
package struct BatchPace: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// What the pauses optimize.
    package enum Goal: Sendable {
        /// A client waits for the batch: short pauses.
        case latency
        /// No client waits for the batch: long pauses.
        case throughput

        /// There is no pause after a batch of at least this size: the pause would cost more than the fixed cost of a
        /// batch.
        fileprivate var sufficientSize: Double {
            switch self {
            case .latency: 6
            case .throughput: 200
            }
        }

        /// The maximum interval between the starts of two batches, as a multiple of the time that the earlier one took.
        fileprivate var maxFactor: Double {
            switch self {
            case .latency: 2
            case .throughput: 8
            }
        }

        fileprivate func factor(_ count: Int) -> Double {
            min(maxFactor, max(1, sufficientSize / Double(max(1, count))))
        }
    }

    /// The system is busy if at least this many requests arrive in the time that a batch takes.
    private static let busyThreshold = 2.0
    /// The maximum interval between the starts of two batches.
    package static let maxInterval = Duration.milliseconds(8)
    /// After this many empty batches in a row, there is a pause.
    private static let maxEmptyBatches = 3

    private var lastStart: Instant?
    private var notBefore: Instant?
    private var emptyBatches = 0

    package init() {}

    /// How long to wait before the next batch starts; zero if it may start now.
    package func pause(at now: Instant) -> Duration {
        guard let notBefore, notBefore > now else { return .zero }
        return notBefore - now
    }

    /// Records that a batch has ended.
    /// - Parameters:
    ///   - count: the size of the batch
    ///   - isBacklog: a full batch is already waiting, so a pause would not make the next batch larger
    package mutating func ended(
        _ count: Int, isBacklog: Bool = false, goal: Goal = .latency, start: Instant, end: Instant
    ) {
        emptyBatches = 0
        let took = end - start
        let interval = lastStart.map { max(took, start - $0) }
        lastStart = start
        notBefore = nil
        guard !isBacklog, let interval, interval > .zero else { return }
        if Double(count) * (took / interval) >= Self.busyThreshold {
            notBefore = start + min(Self.maxInterval, took * goal.factor(count))
        }
    }

    /// Records that a batch found nothing to do, because other nodes or workers were faster. After several such batches
    /// in a row, the next batch starts only after the maximum interval.
    package mutating func endedEmpty(start: Instant) {
        emptyBatches += 1
        lastStart = start
        notBefore = emptyBatches < Self.maxEmptyBatches ? nil : start + Self.maxInterval
    }
}
