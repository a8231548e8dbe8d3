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
            logger.warning("Task failed", metadata: metadata.merging(["reason": "\(error.message)"]) { $1 })
            return .failed(message: error.message, isRetryable: error.isRetryable)
        }
    }
}
