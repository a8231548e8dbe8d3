internal import Queue
internal import Tasks

/// What the queue thread and the compute threads share: tasks that wait, tasks that run, and ends of attempts that are
/// not stored yet.
///
/// When a session is lost, its tasks are lost as well, but a task that runs cannot be stopped. So each task has the
/// number of the session in which it was claimed, and results of earlier sessions are dropped.
struct Workload {
    struct Job: Sendable {
        let task: ClaimedTask
        fileprivate let session: Int
        fileprivate let number: Int
    }

    /// The end of an attempt, to be stored.
    struct End: Sendable {
        let type: String
        let completion: TaskCompletion
        let seconds: Double
    }

    enum Assignment {
        case compute(Job)
        /// The thread has to end.
        case leave
    }

    /// The numbers on which ``WorkerLoop`` bases its decisions.
    struct View: Equatable {
        /// The number of attempts that have ended, but whose end is not stored yet.
        var ended = 0
        /// The number of tasks that wait here, by type.
        var buffered: [String: Int] = [:]
        /// The number of running tasks of the current session.
        var running = 0
        /// The number of threads that compute a task, even a task of a lost session.
        var busy = 0
        /// The number of busy threads whose task has been given up.
        var stuck = 0

        /// No task waits or runs here. Ends of attempts may still have to be stored.
        var holdsNothing: Bool { buffered.isEmpty && running == 0 }
        var isIdle: Bool { ended == 0 && holdsNothing }
    }

    /// How much longer than its limit a task may take before it is given up. A task that checks its time limit ends by
    /// itself before that.
    static let limitTolerance = Duration.seconds(1)

    /// The time limits of tasks, by type.
    private let limits: [String: Duration]
    private(set) var view = View()
    private var waiting: ArraySlice<ClaimedTask> = []
    private var ends: [End] = []
    private var session = 0
    /// The tasks that run under a time limit, and when they are given up.
    private var limited: [Int: (job: Job, limit: Duration, end: ContinuousClock.Instant)] = [:]
    private var givenUp: Set<Int> = []
    private var lastNumber = 0
    private var isClosed = false
    private var isQueueThreadAsleep = false

    init(limits: [String: Duration] = [:]) {
        self.limits = limits
    }

    // MARK: the compute threads

    /// What a compute thread does next; `nil` if it must wait.
    mutating func next(now: ContinuousClock.Instant = .now) -> Assignment? {
        guard let task = waiting.popFirst() else { return isClosed ? .leave : nil }
        uncount(task)
        view.running += 1
        view.busy += 1
        lastNumber += 1
        let job = Job(task: task, session: session, number: lastNumber)
        if let limit = limits[task.type] { limited[lastNumber] = (job, limit, now + limit + Self.limitTolerance) }
        return .compute(job)
    }

    /// A compute thread has ended a task.
    /// - Returns: whether the queue thread sleeps and has to be woken.
    mutating func end(_ job: Job, _ outcome: TaskCompletion.Outcome, seconds: Double) -> Bool {
        view.busy -= 1
        limited[job.number] = nil
        if givenUp.remove(job.number) != nil {
            view.stuck -= 1
        } else if job.session == session {
            view.running -= 1
            view.ended += 1
            let completion = TaskCompletion(id: job.task.id, outcome: outcome)
            ends.append(End(type: job.task.type, completion: completion, seconds: seconds))
        }
        defer { isQueueThreadAsleep = false }
        return isQueueThreadAsleep
    }

    // MARK: the queue thread

    mutating func add(_ tasks: [ClaimedTask]) {
        waiting.append(contentsOf: tasks)
        for task in tasks { view.buffered[task.type, default: 0] += 1 }
    }

    mutating func takeEnds() -> [End] {
        defer {
            ends.removeAll(keepingCapacity: true)
            view.ended = 0
        }
        return ends
    }

    /// Removes waiting tasks, the last ones first, and keeps `count` of them.
    mutating func takeBack(keeping count: Int) -> [TaskID] {
        let taken = waiting.suffix(max(0, waiting.count - count))
        taken.forEach { uncount($0) }
        waiting = waiting.prefix(count)
        return taken.map(\.id)
    }

    /// If a task takes much longer than its limit, lets it fail. Its thread goes on, but the result is dropped.
    /// - Returns: the tasks that were given up.
    mutating func giveUpOverdue(now: ContinuousClock.Instant) -> [ClaimedTask] {
        let overdue = limited.values.filter { $0.end < now }
        for (job, limit, end) in overdue {
            limited[job.number] = nil
            givenUp.insert(job.number)
            view.stuck += 1
            guard job.session == session else { continue }
            view.running -= 1
            view.ended += 1
            let failure = TimeLimit.failure(limit)
            let outcome = TaskCompletion.Outcome.failed(message: failure.message, isRetryable: failure.isRetryable)
            let seconds = (now - end + limit + Self.limitTolerance) / .seconds(1)
            ends.append(
                End(
                    type: job.task.type, completion: TaskCompletion(id: job.task.id, outcome: outcome), seconds: seconds
                ))
        }
        return overdue.map { $0.job.task }
    }

    /// The session is lost, and with it all that was claimed.
    mutating func loseSession() {
        session += 1
        waiting = []
        ends = []
        view = View(busy: view.busy, stuck: view.stuck)
    }

    /// Call it before the queue thread sleeps.
    /// - Returns: `false` if the thread must not sleep, because there are ends of attempts to store.
    mutating func beginSleep() -> Bool {
        isQueueThreadAsleep = ends.isEmpty
        return isQueueThreadAsleep
    }

    mutating func endSleep() { isQueueThreadAsleep = false }

    /// No more tasks will come: the compute threads end when they become idle.
    mutating func close() { isClosed = true }

    private mutating func uncount(_ task: ClaimedTask) {
        let count = view.buffered[task.type, default: 0] - 1
        view.buffered[task.type] = count > 0 ? count : nil
    }
}
