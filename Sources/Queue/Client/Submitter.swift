internal import Logging
internal import Postgres
internal import Telemetry
internal import Threading

/// Stores what is submitted: a thread that takes all requests that arrived meanwhile as one batch and one commit.
///
/// While the disk writes one batch the next one gathers, so the batches grow with the load, and a lone request waits
/// for nobody.
///
/// A request of many tasks is as large as a batch by itself. Two more threads, with a session each, store those: one
/// makes rows of its tasks while the database has the other's, and single tasks do not wait behind them.
final class Submitter: Sendable {
    typealias Answer = Result<[SubmissionOutcome], QueueError>

    struct Request: Sendable {
        let tasks: [Submission]
        let isAwaited: Bool
        var key: IdempotencyKey?
        let then: @Sendable (Answer) -> Void
    }

    /// A request of so many tasks is a batch by itself.
    static let large = 100
    /// Threads for those.
    private static let largeThreads = 2

    /// How many sessions it needs.
    static func sessions(limit: Int) -> Int { 1 + largeThreads(limit: limit) }

    /// - Parameter limit: of the process's sessions. Where they are few there are better uses for them.
    private static func largeThreads(limit: Int) -> Int { limit >= 6 ? largeThreads : 0 }

    private let requests: Consumers<Request>
    /// `nil`: there are no threads for them.
    private let largeRequests: Consumers<Request>?

    init(_ configuration: QueueClient.Configuration, logger: Logger) {
        Telemetry.describe("millrace_submission_size", "Tasks submitted in one transaction.")
        let permits = Monitor(QueuePermits(limit: configuration.queueLimit))
        requests = Consumers("queue-submit") { requests in
            var work = SubmissionWork(configuration, permits, logger: logger)
            requests.forEachBatch(BatchPace()) { work.store($0) }
        }
        let count = Self.largeThreads(limit: configuration.postgres.connectionLimit)
        largeRequests =
            count == 0
            ? nil
            : Consumers("queue-submit", count: count) { requests in
                var work = SubmissionWork(configuration, permits, logger: logger)
                while let request = requests.next() { work.store([request]) }
            }
    }

    /// - Returns: `false` after ``finish()``.
    func add(_ request: Request) -> Bool {
        if let largeRequests, request.tasks.count >= Self.large { return largeRequests.add(request) }
        return requests.add(request)
    }

    /// Stores what has been added, then ends the threads.
    func finish() {
        requests.finish()
        largeRequests?.finish()
    }
}
