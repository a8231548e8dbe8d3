/// Who waits for which task, and until when. No I/O, no clock: the time is an argument.
struct WaiterTable<Callback> {
    /// A waiter's number.
    typealias Ticket = Int

    private struct Waiter {
        let task: TaskID
        let callback: Callback
    }

    private struct Deadline: Comparable {
        let time: ContinuousClock.Instant
        let ticket: Ticket

        static func < (left: Deadline, right: Deadline) -> Bool { left.time < right.time }
    }

    private var waiters: [Ticket: Waiter] = [:]
    private var ticketsOfTask: [TaskID: [Ticket]] = [:]
    private var deadlines = Heap<Deadline>()
    private var lastTicket = 0

    var count: Int { waiters.count }

    /// The tasks somebody waits for.
    var tasks: [TaskID] { Array(ticketsOfTask.keys) }

    func isAwaited(_ task: TaskID) -> Bool { ticketsOfTask[task] != nil }

    /// - Returns: the ticket, and whether its deadline is now the first of all.
    mutating func add(
        _ task: TaskID, until time: ContinuousClock.Instant, _ callback: Callback
    ) -> (ticket: Ticket, isFirst: Bool) {
        lastTicket += 1
        waiters[lastTicket] = Waiter(task: task, callback: callback)
        ticketsOfTask[task, default: []].append(lastTicket)
        let isFirst = nextDeadline.map { time < $0 } ?? true
        deadlines.insert(Deadline(time: time, ticket: lastTicket))
        return (lastTicket, isFirst)
    }

    /// - Returns: `nil`: the waiter has been answered already.
    mutating func remove(_ ticket: Ticket) -> Callback? {
        guard let waiter = waiters.removeValue(forKey: ticket) else { return nil }
        let rest = ticketsOfTask[waiter.task, default: []].filter { $0 != ticket }
        ticketsOfTask[waiter.task] = rest.isEmpty ? nil : rest
        return waiter.callback
    }

    /// Takes out everybody who waits for a task.
    mutating func remove(task: TaskID) -> [Callback] {
        (ticketsOfTask.removeValue(forKey: task) ?? []).compactMap { waiters.removeValue(forKey: $0)?.callback }
    }

    /// When the next waiter's time is up. Those that were answered meanwhile are cleared away on the way.
    var nextDeadline: ContinuousClock.Instant? {
        mutating get {
            while let first = deadlines.first, waiters[first.ticket] == nil { _ = deadlines.removeFirst() }
            return deadlines.first?.time
        }
    }

    /// Takes out those whose time is up.
    mutating func removeExpired(at now: ContinuousClock.Instant) -> [(task: TaskID, callback: Callback)] {
        var expired: [(TaskID, Callback)] = []
        while let time = nextDeadline, time <= now, let first = deadlines.removeFirst() {
            guard let task = waiters[first.ticket]?.task, let callback = remove(first.ticket) else { continue }
            expired.append((task, callback))
        }
        return expired
    }

    /// Takes out everybody.
    mutating func removeAll() -> [(task: TaskID, callback: Callback)] {
        defer {
            waiters = [:]
            ticketsOfTask = [:]
            deadlines = Heap()
        }
        return waiters.values.map { ($0.task, $0.callback) }
    }
}
