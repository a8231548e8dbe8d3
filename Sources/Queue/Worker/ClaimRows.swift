internal import Postgres

/// What ``WorkerSQL/claim`` returned.
struct ClaimRows {
    let tasks: [ClaimedTask]
    /// The types of the claimed tasks and their leads (``ClaimStart``), in any order.
    let leads: [(type: String, lead: Int64)]
    /// How many rows were returned.
    let count: Int
    /// How long the claim took to find its tasks; `nil` if it found none.
    let searchTime: Duration?
    /// The number of dead rows in the table; `nil` if nothing was found.
    let deadRows: Int?
    /// Whether one of the worker's types is bounded; `nil` if nothing was found.
    let hasBounds: Bool?
    /// Whether the queue has a suspect of a bounded type that could run now. A worker that holds other tasks cannot
    /// claim it.
    let isSuspectLeft: Bool

    init(_ result: PostgresResult) {
        let leads = result.leads
        self.leads = leads
        count = result.rowCount
        // The statement takes the most urgent tasks, but returns them in any order.
        tasks = leads.indices
            .compactMap { row in result.claimedTask(row).map { (lead: leads[row].lead, task: $0) } }
            .sorted { ($0.lead, $0.task.id) < ($1.lead, $1.task.id) }
            .map(\.task)
        searchTime = result.searchTime
        deadRows = count > 0 ? result.integer(0, 8) : nil
        hasBounds = count > 0 ? result.bool(0, 9) == true : nil
        isSuspectLeft = count > 0 && result.bool(0, 10) == true
    }

    /// Whether the claim took a suspect. Then it did not look for other tasks.
    var isSuspect: Bool { count == 1 && tasks.first?.isSuspect == true }
}

extension PostgresResult {
    fileprivate var leads: [(type: String, lead: Int64)] {
        (0..<rowCount).map { (text($0, 1) ?? "", Int64(integer($0, 6) ?? 0)) }
    }

    fileprivate var searchTime: Duration? {
        (0..<rowCount).compactMap { integer($0, 7) }.min().map { .microseconds($0) }
    }

    fileprivate func claimedTask(_ row: Int) -> ClaimedTask? {
        guard let id = taskID(row, 0), let type = text(row, 1), let input = bytes(row, 2),
            let attempt = integer(row, 3), let maxAttempts = integer(row, 4), let isSuspect = bool(row, 5)
        else { return nil }
        return ClaimedTask(
            id: id, type: type, input: input, attempt: attempt, maxAttempts: maxAttempts, isSuspect: isSuspect)
    }
}
