/// Finds the requests of a batch that wait for a lock, so that the other requests need not fail with them. No I/O here.
///
/// The batch is stored in halves, with a short lock timeout; a half that fails is halved again. In a batch of n tasks,
/// it takes at most 2 log₂ n attempts to find a task that waits for a lock. Such tasks are stored last, each by itself
/// and with a longer lock timeout, because the others must not wait for them. Requests of the same task stay together.
/// If they were separated, each of them would reach the lock timeout.
struct LockBisection<Request> {
    typealias Instant = ContinuousClock.Instant

    struct Element {
        let request: Request
        /// The row of the request's first task; the same number for requests of the same task.
        let row: Int
    }

    enum Step {
        /// Store these requests in one transaction, then call ``stillLocked(_:at:)`` with those that failed.
        case store([Request], LockTimeout)
        /// Answer these requests with the error that a lock could not be taken.
        case refuse([Request])
        case finished
    }

    /// How long failed groups may be halved and tried again.
    static var timeout: Duration { .seconds(2) }

    private let deadline: Instant
    /// Groups that are to be stored. The last group of the array is stored next.
    private var untried: [[Element]] = []
    /// Groups that have to wait for a lock. Each group contains the requests of one task.
    private var waiting: ArraySlice<[Element]> = []
    private var refused: [Element] = []
    private var isRetrying = false

    /// - Returns: `nil` if the requests are all of one task, so that there is nothing to be split.
    init?(_ locked: [Element], at now: Instant) {
        deadline = now + Self.timeout
        guard Set(locked.map(\.row)).count > 1 else { return nil }
        stillLocked(locked, at: now)
    }

    mutating func next(at now: Instant) -> Step {
        if !refused.isEmpty {
            defer { refused = [] }
            return .refuse(refused.map(\.request))
        }
        if let group = untried.popLast() { return .store(group.map(\.request), .probe) }
        isRetrying = true
        guard let group = waiting.popFirst() else { return .finished }
        return now < deadline ? .store(group.map(\.request), .retry) : .refuse(group.map(\.request))
    }

    /// These requests of the last group were not stored, because something is still locked.
    mutating func stillLocked(_ group: [Element], at now: Instant) {
        if group.isEmpty { return }
        let rows = Set(group.map(\.row)).sorted()
        if isRetrying {
            refused = group
        } else if rows.count == 1 {
            waiting.append(group)
        } else if now >= deadline {
            refused = group
        } else {
            let middle = rows[rows.count / 2]
            untried.append(group.filter { $0.row >= middle })
            untried.append(group.filter { $0.row < middle })
        }
    }
}
