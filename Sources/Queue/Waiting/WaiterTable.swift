internal import HeapModule

/// A table of waiters: who waits for which task, and until when. It does no I/O and reads no clock: the caller passes
/// the times.
struct WaiterTable<Callback> {
    /// A waiter's number.
    typealias Ticket = Int

    private struct Waiter {
        let task: TaskID
        let callback: Callback
    }

    private struct Expiry: Comparable {
        let time: ContinuousClock.Instant
        let ticket: Ticket

        static func < (left: Expiry, right: Expiry) -> Bool { left.time < right.time }
    }

    private var waiters: [Ticket: Waiter] = [:]
    private var ticketsOfTask: [TaskID: [Ticket]] = [:]
    /// The times at which waiters expire, including waiters that have been answered already.
    private var expiries = Heap<Expiry>()
    private var lastTicket = 0

    var count: Int { waiters.count }

    /// The tasks that somebody waits for.
    var tasks: [TaskID] { Array(ticketsOfTask.keys) }

    func isAwaited(_ task: TaskID) -> Bool { ticketsOfTask[task] != nil }

    /// - Returns: the ticket, and whether this waiter expires before all others.
    mutating func add(
        _ task: TaskID, until time: ContinuousClock.Instant, _ callback: Callback
    ) -> (ticket: Ticket, isFirst: Bool) {
        lastTicket += 1
        waiters[lastTicket] = Waiter(task: task, callback: callback)
        ticketsOfTask[task, default: []].append(lastTicket)
        let isFirst = nextExpiry.map { time < $0 } ?? true
        expiries.insert(Expiry(time: time, ticket: lastTicket))
        return (lastTicket, isFirst)
    }

    /// - Returns: `nil` if the waiter has been answered already.
    mutating func remove(_ ticket: Ticket) -> Callback? {
        guard let waiter = waiters.removeValue(forKey: ticket) else { return nil }
        let rest = ticketsOfTask[waiter.task, default: []].filter { $0 != ticket }
        ticketsOfTask[waiter.task] = rest.isEmpty ? nil : rest
        return waiter.callback
    }

    /// Removes all who wait for a task.
    mutating func remove(task: TaskID) -> [Callback] {
        (ticketsOfTask.removeValue(forKey: task) ?? []).compactMap { waiters.removeValue(forKey: $0)?.callback }
    }

    /// When the next waiter expires. Waiters that have been answered are removed from the heap here.
    var nextExpiry: ContinuousClock.Instant? {
        mutating get {
            while let first = expiries.min, waiters[first.ticket] == nil { expiries.removeMin() }
            return expiries.min?.time
        }
    }

    /// Removes the waiters whose time is up.
    mutating func removeExpired(at now: ContinuousClock.Instant) -> [(task: TaskID, callback: Callback)] {
        var expired: [(TaskID, Callback)] = []
        while let time = nextExpiry, time <= now, let first = expiries.popMin() {
            guard let task = waiters[first.ticket]?.task, let callback = remove(first.ticket) else { continue }
            expired.append((task, callback))
        }
        return expired
    }

    mutating func removeAll() -> [(task: TaskID, callback: Callback)] {
        defer {
            waiters = [:]
            ticketsOfTask = [:]
            expiries = Heap()
        }
        return waiters.values.map { ($0.task, $0.callback) }
    }
}
