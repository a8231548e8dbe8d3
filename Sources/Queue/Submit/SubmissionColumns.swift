internal import Postgres
internal import Tasks

/// Rows as the array parameters of ``SubmitSQL``, one array per column.
struct SubmissionColumns {
    private(set) var ids: PostgresArray
    private(set) var types: PostgresArray
    private(set) var inputs: PostgresArray
    /// If the task may be shared, its digest, which is its cache key; otherwise NULL.
    private(set) var keys: PostgresArray
    /// If the task may not be shared, its digest; otherwise NULL.
    private(set) var digests: PostgresArray
    private(set) var priorities: PostgresArray
    private(set) var times: PostgresArray
    private(set) var limits: PostgresArray
    private(set) var awaited: PostgresArray
    private(set) var mayQueue: PostgresArray
    private(set) var copies: PostgresArray
    private(set) var mayBeResent: PostgresArray
    private(set) var clients: PostgresArray

    init(_ rows: [SubmissionRows.Row]) {
        let count = rows.count
        ids = PostgresArray(.uuid, capacity: count)
        types = PostgresArray(.text, capacity: count)
        inputs = PostgresArray(.bytea, capacity: count, elementSize: 64)
        keys = PostgresArray(.bytea, capacity: count, elementSize: 32)
        digests = PostgresArray(.bytea, capacity: count)
        priorities = PostgresArray(.int2, capacity: count, elementSize: 2)
        times = PostgresArray(.timestamptz, capacity: count, elementSize: 8)
        limits = PostgresArray(.int2, capacity: count, elementSize: 2)
        awaited = PostgresArray(.bool, capacity: count, elementSize: 1)
        mayQueue = PostgresArray(.bool, capacity: count, elementSize: 1)
        copies = PostgresArray(.int4, capacity: count, elementSize: 4)
        mayBeResent = PostgresArray(.bool, capacity: count, elementSize: 1)
        clients = PostgresArray(.int8, capacity: count, elementSize: 8)
        for row in rows { append(row) }
    }

    private mutating func append(_ row: SubmissionRows.Row) {
        let submission = row.submission
        ids.append(submission.id)
        types.append(submission.task.type.utf8)
        inputs.append(submission.task.input)
        if row.isShared {
            keys.append(row.digest)
            digests.appendNull()
        } else {
            keys.appendNull()
            digests.append(row.digest)
        }
        priorities.append(submission.priority)
        if let time = submission.runAt { times.append(time: time.microseconds) } else { times.appendNull() }
        limits.append(Int16(clamping: max(1, submission.maxAttempts)))
        awaited.append(row.isAwaited)
        mayQueue.append(row.mayQueue)
        copies.append(row.copies)
        mayBeResent.append(submission.mayBeResent)
        clients.append(row.client.rawValue)
    }
}
