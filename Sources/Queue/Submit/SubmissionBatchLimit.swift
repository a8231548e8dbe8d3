internal import Tasks

/// How much one transaction stores, if it stores more than one request.
struct SubmissionBatchLimit {
    var tasks = 2000
    /// Bytes of the tasks' inputs.
    var bytes = 8 << 20
    /// Each key takes an advisory lock until the commit. The server's lock table has room for 6,400 locks of all
    /// sessions together, unless it is configured otherwise.
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
