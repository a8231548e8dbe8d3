/// The ownership protocol as a model that is small enough to check every state that it can reach: two worker processes,
/// one task, and a limited number of accidents (a process is killed, a connection is cut), each at any moment.
///
/// The model keeps these properties of the real system. A session lives on the server, together with its lock and the
/// statements that it has received, until the server notices that its client is gone. The client can have lost its
/// connection long before. A session runs its statements in the order in which they were sent. Several statements of a
/// session can be waiting, because a worker claims again before it knows the outcome of a completion. A process that
/// comes back is a new worker. The real statements are in ``WorkerSQL`` and ``FinishSQL``.
struct OwnershipModel: Hashable {
    /// Parts of the protocol that can be switched off, to see that the properties fail without them.
    struct Rules {
        /// A completion is stored only for the owner: `AND t.worker_id = $1`.
        var isOwnerChecked = true
        /// A completion runs only in the session that holds the lock. It cannot run after the session has ended.
        var isSessionBound = true
        /// A worker that can take the lock of another worker requeues the tasks of that worker.
        var recovers = true
    }

    enum Row: Hashable {
        case none
        case queued(attempts: Int)
        case owned(by: Int, attempts: Int)
        case finished
    }

    enum Process: Hashable {
        case down
        /// The process acts as this worker, connected or not.
        case running(worker: Int, Activity)
    }

    enum Activity: Hashable {
        case idle
        /// The process has sent a claim and waits for the reply.
        case claiming
        case computing(attempt: Int)
        case computed(attempt: Int)
    }

    /// A worker's session on the server. While it exists, its lock is held.
    struct Session: Hashable {
        let worker: Int
        var hasClient = true
    }

    /// A statement that the server has received from a worker, but has not run yet.
    struct Statement: Hashable {
        let worker: Int
        /// The attempt that the statement completes; `nil` if the statement is a claim.
        let attempt: Int?
    }

    private(set) var row = Row.none
    /// Attempts whose results were stored.
    private(set) var stored: [Int] = []
    private(set) var processes: [Process] = [.down, .down]
    private(set) var sessions: [Session] = []
    /// The statements that no session has run yet, in the order in which they were sent.
    private(set) var statements: [Statement] = []
    /// Rows of the table `worker`.
    private(set) var registered: Set<Int> = []
    private var accidentsLeft: Int

    init(accidents: Int) { accidentsLeft = accidents }

    // MARK: properties

    var isAcknowledged: Bool { row != .none }
    var isFinished: Bool { row == .finished }

    /// Whether at most one result was stored.
    var isStoredOnce: Bool { stored.count <= 1 }

    /// Whether the task is queued, finished, or owned by a registered worker, so that others can recover the task.
    var isAccountedFor: Bool {
        guard case .owned(let worker, _) = row else { return true }
        return registered.contains(worker)
    }

    // MARK: steps

    /// All states that one step leads to.
    func successors(_ rules: Rules) -> [OwnershipModel] {
        var next: [OwnershipModel] = []
        func step(_ change: (inout OwnershipModel) -> Void) {
            var copy = self
            change(&copy)
            if copy != self { next.append(copy) }
        }
        if row == .none { step { $0.row = .queued(attempts: 0) } }
        for index in processes.indices {
            step { $0.start(index) }
            step { $0.sendClaim(index) }
            step { $0.compute(index) }
            step { $0.sendCompletion(index) }
            step { $0.signOff(index) }
            step { $0.notice(index) }
            if accidentsLeft > 0 {
                step { $0.kill(index) }
                step { $0.cut(index) }
            }
            if rules.recovers { for worker in registered { step { $0.recover(worker, by: index) } } }
        }
        for index in statements.indices {
            step { $0.run(index, replyArrives: true, rules) }
            if accidentsLeft > 0 { step { $0.run(index, replyArrives: false, rules) } }
        }
        for index in sessions.indices { step { $0.endSession(index, rules) } }
        return next
    }

    /// A worker number that is not in use. In the real system, numbers come from a sequence, and are not reused.
    /// Reusing them makes no difference here, and keeps the number of states finite.
    private var unusedWorker: Int {
        var used = registered.union(sessions.map(\.worker)).union(statements.map(\.worker))
        for case .running(let worker, _) in processes { used.insert(worker) }
        if case .owned(let worker, _) = row { used.insert(worker) }
        return (1...).first { !used.contains($0) }!
    }

    private func session(of worker: Int) -> Int? { sessions.firstIndex { $0.worker == worker } }

    /// The session of a process that still has its connection.
    private func connected(_ index: Int) -> (worker: Int, activity: Activity, session: Int)? {
        guard case .running(let worker, let work) = processes[index], let session = session(of: worker),
            sessions[session].hasClient
        else { return nil }
        return (worker, work, session)
    }

    /// The real worker takes its lock before it inserts its row. Other workers would treat a row without a lock as a
    /// dead worker.
    private mutating func start(_ index: Int) {
        guard case .down = processes[index] else { return }
        let worker = unusedWorker
        processes[index] = .running(worker: worker, .idle)
        sessions.append(Session(worker: worker))
        registered.insert(worker)
    }

    private mutating func sendClaim(_ index: Int) {
        guard let (worker, work, _) = connected(index), work == .idle else { return }
        statements.append(Statement(worker: worker, attempt: nil))
        processes[index] = .running(worker: worker, .claiming)
    }

    private mutating func compute(_ index: Int) {
        guard case .running(let worker, .computing(let attempt)) = processes[index] else { return }
        processes[index] = .running(worker: worker, .computed(attempt: attempt))
    }

    /// The process drops a result as soon as the result is sent. If the session does not end, the result is stored.
    private mutating func sendCompletion(_ index: Int) {
        guard let (worker, work, _) = connected(index), case .computed(let attempt) = work else { return }
        statements.append(Statement(worker: worker, attempt: attempt))
        processes[index] = .running(worker: worker, .idle)
    }

    private func isWaiting(_ worker: Int) -> Bool { statements.contains { $0.worker == worker } }

    /// - Parameter replyArrives: if `false`, the statement is committed, but the connection is cut before the reply
    ///   arrives.
    private mutating func run(_ index: Int, replyArrives: Bool, _ rules: Rules) {
        let statement = statements[index]
        guard !statements[..<index].contains(where: { $0.worker == statement.worker }) else { return }
        statements.remove(at: index)
        if let attempt = statement.attempt {
            complete(attempt, worker: statement.worker, rules)
        } else {
            claim(statement.worker, replyArrives: replyArrives)
        }
        guard !replyArrives, let session = session(of: statement.worker) else { return }
        accidentsLeft -= 1
        sessions[session].hasClient = false
    }

    /// A session that has lost its client still runs the statements that it has received, and holds its lock.
    private mutating func claim(_ worker: Int, replyArrives: Bool) {
        guard let session = session(of: worker) else { return }
        var attempt: Int?
        if case .queued(let attempts) = row {
            row = .owned(by: worker, attempts: attempts + 1)
            attempt = attempts + 1
        }
        guard replyArrives, sessions[session].hasClient else { return }
        for index in processes.indices where processes[index] == .running(worker: worker, .claiming) {
            processes[index] = .running(worker: worker, attempt.map { .computing(attempt: $0) } ?? .idle)
        }
    }

    private mutating func complete(_ attempt: Int, worker: Int, _ rules: Rules) {
        if rules.isOwnerChecked {
            guard case .owned(worker, _) = row else { return }
        }
        row = .finished
        stored.append(attempt)
    }

    /// Gives the task back and removes the worker's row, in one transaction.
    private mutating func signOff(_ index: Int) {
        guard let (worker, _, session) = connected(index), !isWaiting(worker) else { return }
        if case .owned(worker, let attempts) = row { row = .queued(attempts: attempts - 1) }
        registered.remove(worker)
        sessions.remove(at: session)
        processes[index] = .down
    }

    /// A process learns that its session is gone, and drops its task. The process may come back as a new worker.
    private mutating func notice(_ index: Int) {
        guard case .running = processes[index], connected(index) == nil else { return }
        processes[index] = .down
    }

    private mutating func kill(_ index: Int) {
        guard case .running(let worker, _) = processes[index] else { return }
        accidentsLeft -= 1
        processes[index] = .down
        if let session = session(of: worker) { sessions[session].hasClient = false }
    }

    private mutating func cut(_ index: Int) {
        guard let (_, _, session) = connected(index) else { return }
        accidentsLeft -= 1
        sessions[session].hasClient = false
    }

    /// The server notices that the client is gone: the lock becomes free, and the remaining statements never run.
    private mutating func endSession(_ index: Int, _ rules: Rules) {
        guard !sessions[index].hasClient else { return }
        let worker = sessions.remove(at: index).worker
        if rules.isSessionBound { statements.removeAll { $0.worker == worker } }
    }

    private mutating func recover(_ worker: Int, by index: Int) {
        guard connected(index) != nil, session(of: worker) == nil else { return }
        if case .owned(worker, let attempts) = row { row = .queued(attempts: attempts) }
        registered.remove(worker)
    }
}
