internal import Postgres

/// Ends of attempts as parameters of ``FinishSQL``, in the order of the task ids.
struct FinishedAttempts {
    private var completed: [(id: TaskID, result: [UInt8])] = []
    private var failed: [(id: TaskID, message: String, isRetryable: Bool)] = []

    init(_ completions: [TaskCompletion]) {
        for completion in completions.sorted(by: { $0.id < $1.id }) {
            switch completion.outcome {
            case .completed(let result): completed.append((completion.id, result))
            // PostgreSQL's type text cannot hold a zero byte.
            case .failed(let message, let isRetryable):
                failed.append((completion.id, message.filter { $0 != "\0" }, isRetryable))
            }
        }
    }

    func completion(worker: Int32, name: String, ttl: Duration, slot: Int16) -> PostgresCall? {
        if completed.isEmpty { return nil }
        var ids = PostgresArray(.uuid, capacity: completed.count)
        var results = PostgresArray(.text, capacity: completed.count, elementSize: 160)
        for (id, result) in completed {
            ids.append(id)
            results.append(result)
        }
        return FinishSQL.complete.with(
            .int4(worker), ids.value, results.value, .int8(ttl.inMicroseconds), .int2(slot), .text(name))
    }

    func failure(worker: Int32, name: String, keepsInput: Bool) -> PostgresCall? {
        if failed.isEmpty { return nil }
        var ids = PostgresArray(.uuid, capacity: failed.count)
        var messages = PostgresArray(.text, capacity: failed.count)
        var areRetryable = PostgresArray(.bool, capacity: failed.count)
        for (id, message, isRetryable) in failed {
            ids.append(id)
            messages.append(message.utf8)
            areRetryable.append(isRetryable)
        }
        return FinishSQL.fail.with(
            .int4(worker), ids.value, messages.value, areRetryable.value, .text(name), .bool(keepsInput))
    }
}
