internal import Logging
internal import Postgres
internal import Telemetry
internal import Threading

/// Stores submitted tasks: a thread takes all requests that have arrived, and stores them as one batch with one commit.
///
/// While one batch is being written to the disk, the requests of the next one arrive. So batches grow with the load,
/// and a request that comes alone does not wait for others.
///
/// A request with many tasks is as large as a batch. Two more threads, each with its own session, store such requests,
/// so that small requests do not wait for large ones. While the database works on the rows of one thread, the other
/// thread prepares its rows.
final class Submitter: Sendable {
    /// A request with at least this many tasks is a batch of its own.
    static let largeRequest = 100
    private static let largeRequestThreads = 2

    /// How many database sessions a submitter needs.
    static func sessions(limit: Int) -> Int { 1 + largeRequestThreads(limit: limit) }

    /// - Parameter limit: the maximum number of the process's sessions. If it is small, there are no threads for large
    ///   requests, because the sessions are needed for other things.
    private static func largeRequestThreads(limit: Int) -> Int { limit >= 7 ? largeRequestThreads : 0 }

    private let requests: Consumers<SubmissionRequest>
    /// The threads for large requests; `nil` if there are none.
    private let largeRequests: Consumers<SubmissionRequest>?

    init(_ configuration: QueueClient.Configuration, logger: Logger) {
        Telemetry.describe("millrace_submission_size", "Tasks submitted in one transaction.")
        let permits = Monitor(QueuePermits(limit: configuration.queueLimit))
        requests = Consumers("queue-submit") { requests in
            var configuration = configuration
            configuration.postgres = configuration.postgres.answered(within: AnswerTimeout.regular)
            var writer = SubmissionWriter(configuration, permits, logger: logger)
            requests.forEachBatch(BatchPace()) { writer.store($0) }
        }
        let count = Self.largeRequestThreads(limit: configuration.postgres.connectionLimit)
        largeRequests =
            count == 0
            ? nil
            : Consumers("queue-submit", count: count) { requests in
                var configuration = configuration
                configuration.postgres = configuration.postgres.answered(within: AnswerTimeout.largeRequest)
                var writer = SubmissionWriter(configuration, permits, logger: logger)
                while let request = requests.next() { writer.store([request]) }
            }
    }

    /// - Returns: `false` after ``finish()``.
    func add(_ request: SubmissionRequest) -> Bool {
        if let largeRequests, request.tasks.count >= Self.largeRequest { return largeRequests.add(request) }
        return requests.add(request)
    }

    /// Stores all added requests, then ends the threads.
    func finish() {
        requests.finish()
        largeRequests?.finish()
    }
}
