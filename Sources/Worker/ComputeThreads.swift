internal import Logging
internal import Queue
internal import Tasks
internal import Threading

/// The threads that compute tasks.
struct ComputeThreads {
    private let threads: [NamedThread]

    /// - Parameter wake: signalled when a task has ended while the queue thread sleeps.
    init(
        _ count: Int, types: TaskRegistry, workload: Monitor<Workload>, wake: EventFD, logger: Logger
    ) {
        threads = (1...max(1, count)).map { number in
            NamedThread("compute-\(number)") {
                while case .compute(let job) = workload.wait({ $0.next() }) {
                    let start = ContinuousClock.now
                    let outcome = Self.run(job.task, types, logger)
                    let seconds = (ContinuousClock.now - start) / .seconds(1)
                    if workload.withLock({ $0.end(job, outcome, seconds: seconds) }) { wake.signal() }
                }
            }
        }
    }

    func join() {
        for thread in threads { thread.join() }
    }

    private static func run(
        _ task: ClaimedTask, _ types: TaskRegistry, _ logger: Logger
    ) -> TaskCompletion.Outcome {
        let metadata: Logger.Metadata = [
            "task.id": "\(task.id)", "task.type": "\(task.type)", "attempt": .stringConvertible(task.attempt),
        ]
        guard let definition = types.definition(named: task.type) else {
            preconditionFailure("This worker claimed a task of a type that it does not have")
        }
        do {
            return .completed(result: try definition.run(task.input))
        } catch {
            // The log gets no text of the error, because the text can quote the input. `GET /task/{id}` shows the text.
            let isFinal = !error.isRetryable || task.attempt >= task.maxAttempts
            logger.warning(isFinal ? "Task failed" : "Attempt failed, the task is retried", metadata: metadata)
            return .failed(message: error.message, isRetryable: error.isRetryable)
        }
    }
}
