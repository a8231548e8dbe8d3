internal import Queue
internal import Tasks

/// What is between the queue thread and the compute threads: tasks that wait, tasks that run, ends not yet stored.
///
/// A session that is lost takes its tasks along. Those that run cannot be stopped; they are told apart by the number
/// of the session they were claimed in, and their results are dropped.
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

    enum Turn {
        case compute(Job)
        case leave
    }

    /// What decisions are made on.
    struct View: Equatable {
        /// Ends to be stored.
        var ended = 0
        /// Tasks waiting here, by type.
        var buffered: [String: Int] = [:]
        /// Tasks of ours that run.
        var running = 0
        /// Threads that compute, also what is no longer ours.
        var busy = 0
        /// Those of them whose task has been given up.
        var stuck = 0

        /// Nothing beyond ends is held.
        var holdsNothing: Bool { buffered.isEmpty && running == 0 }
        var isIdle: Bool { ended == 0 && holdsNothing }
    }

    /// How much longer than its limit a task may take: one that looks at the clock ends in this time by itself.
    static let patience = Duration.seconds(1)

    /// By type.
    private let limits: [String: Duration]
    private(set) var view = View()
    private var waiting: ArraySlice<ClaimedTask> = []
    private var ends: [End] = []
    private var session = 0
    /// What runs under a limit, and until when.
    private var limited: [Int: (job: Job, limit: Duration, end: ContinuousClock.Instant)] = [:]
    private var givenUp: Set<Int> = []
    private var lastNumber = 0
    private var isClosed = false
    private var isQueueThreadAsleep = false

    init(limits: [String: Duration] = [:]) {
        self.limits = limits
    }

    // MARK: the compute threads

    /// What a compute thread does next. `nil`: wait.
    mutating func next(now: ContinuousClock.Instant = .now) -> Turn? {
        guard let task = waiting.popFirst() else { return isClosed ? .leave : nil }
        uncount(task)
        view.running += 1
        view.busy += 1
        lastNumber += 1
        let job = Job(task: task, session: session, number: lastNumber)
        if let limit = limits[task.type] { limited[lastNumber] = (job, limit, now + limit + Self.patience) }
        return .compute(job)
    }

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

    /// Takes tasks that wait out again, the last ones first.
    mutating func takeBack(keeping count: Int) -> [TaskID] {
        let taken = waiting.suffix(max(0, waiting.count - count))
        taken.forEach { uncount($0) }
        waiting = waiting.prefix(count)
        return taken.map(\.id)
    }

    /// Ends tasks that take much longer than they may, as failed. Their threads go on, and nothing becomes of it.
    /// - Returns: how many.
    mutating func giveUpOverdue(now: ContinuousClock.Instant) -> Int {
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
            let seconds = (now - end + limit + Self.patience) / .seconds(1)
            ends.append(
                End(
                    type: job.task.type, completion: TaskCompletion(id: job.task.id, outcome: outcome), seconds: seconds
                ))
        }
        return overdue.count
    }

    /// Nothing of what was claimed is ours any more.
    mutating func loseSession() {
        session += 1
        waiting = []
        ends = []
        view = View(busy: view.busy, stuck: view.stuck)
    }

    /// To be asked before sleeping. `false`: something ended meanwhile.
    mutating func mayQueueThreadSleep() -> Bool {
        isQueueThreadAsleep = ends.isEmpty
        return isQueueThreadAsleep
    }

    mutating func queueThreadIsAwake() { isQueueThreadAsleep = false }

    /// No more tasks will come: the compute threads leave as they become idle.
    mutating func close() { isClosed = true }

    private mutating func uncount(_ task: ClaimedTask) {
        let count = view.buffered[task.type, default: 0] - 1
        view.buffered[task.type] = count > 0 ? count : nil
    }
}
