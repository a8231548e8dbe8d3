internal import Tasks

/// The limits of a transaction that stores more than one request.
struct SubmissionBatchLimit {
    var tasks = 2000
    /// The maximum size of all inputs together, in bytes.
    var bytes = 8 << 20
    /// The maximum number of idempotency keys. Each key takes an advisory lock until the commit, and by default the
    /// server's lock table has room for 6,400 locks of all sessions together.
    var keys = 300

    /// Splits requests into batches, in order. A request that exceeds the limit by itself is a batch of one.
    func split(_ requests: [SubmissionRequest]) -> [ArraySlice<SubmissionRequest>] {
        var batches: [ArraySlice<SubmissionRequest>] = []
        var start = requests.startIndex
        while start < requests.endIndex {
            var end = start
            var size = (tasks: 0, bytes: 0, keys: 0)
            repeat {
                let request = requests[end]
                size.tasks += request.tasks.count
                size.bytes += request.tasks.reduce(0) { $0 + $1.task.input.count }
                size.keys += request.key == nil ? 0 : 1
                end += 1
            } while end < requests.endIndex && size.tasks + requests[end].tasks.count <= tasks && size.bytes < bytes
                && size.keys < keys
            batches.append(requests[start..<end])
            start = end
        }
        return batches
    }
}
