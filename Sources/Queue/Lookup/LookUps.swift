internal import Logging
internal import Postgres
internal import Threading

/// A task as it is now; `nil` if there is no such task.
typealias LookUpAnswer = Result<TaskRecord?, QueueError>

/// For a task that the caller may not see, the answer is the same as for an unknown task.
enum LookUpRequest: Sendable {
    /// Read the task.
    case read(TaskID, by: Visibility, then: @Sendable (LookUpAnswer) -> Void)
    /// Mark the task as awaited, so that a notification comes when it ends, and then read it.
    case watch(TaskID, by: Visibility, then: @Sendable (LookUpAnswer) -> Void)
    /// - Parameter canceller: identifies the request.
    case cancel(TaskID, by: Visibility, canceller: TaskID, then: @Sendable (Result<Cancellation, QueueError>) -> Void)
}

/// Reads and cancels tasks: a thread takes all requests that have arrived, and reads their tasks with one statement.
final class LookUps: Sendable {
    private let requests: Consumers<LookUpRequest>

    /// - Parameter keepsFailedInput: whether the input of a cancelled task is kept.
    init(_ configuration: PostgresConfiguration, keepsFailedInput: Bool, logger: Logger) {
        requests = Consumers("queue-lookup") { requests in
            var session = LookUpSession(
                link: DatabaseLink(configuration, settings: SessionSettings.node, logger: logger),
                keepsFailedInput: keepsFailedInput, logger: logger)
            requests.forEachBatch(BatchPace()) { session.answer($0) }
        }
    }

    /// - Returns: `false` after ``finish()``.
    @discardableResult
    func add(_ request: LookUpRequest) -> Bool { requests.add(request) }

    /// Answers all open requests, then ends the thread.
    func finish() { requests.finish() }
}
