internal import Glibc
internal import Logging
internal import Queue
internal import Threading

/// Executes the steps that ``WorkerLoop`` decides on.
struct QueueThread {
    let session: WorkerSession
    let workload: Monitor<Workload>
    let wake: EventFD
    let metrics: WorkerMetrics
    let isRegistered: Flag
    let logger: Logger
    /// For each transaction that is underway, by its number: the ends of attempts that it stores.
    private var storing: [Int: [Workload.End]] = [:]

    init(
        session: WorkerSession, workload: Monitor<Workload>, wake: EventFD, metrics: WorkerMetrics, isRegistered: Flag,
        logger: Logger
    ) {
        self.session = session
        self.workload = workload
        self.wake = wake
        self.metrics = metrics
        self.isRegistered = isRegistered
        self.logger = logger
    }

    /// - Returns: `true` if a computation does not end, so that the worker has to restart; `false` if the thread was
    ///   told to stop.
    mutating func run(_ start: WorkerLoop, until isStopping: () -> Bool) -> Bool {
        var loop = start
        var isStuck = false
        while true {
            for task in workload.withLock({ $0.giveUpOverdue(now: .now) }) {
                logger.error(
                    "A computation does not end: the task fails, and this worker finishes its other tasks and restarts",
                    metadata: [
                        "task.id": "\(task.id)", "task.type": "\(task.type)",
                        "attempt": .stringConvertible(task.attempt),
                    ])
                isStuck = true
            }
            if isStuck || isStopping() { loop.stop(now: .now) }
            let view = workload.withLock { $0.view }
            metrics.show(view)
            let step = loop.next(
                view, now: .now, mayHaveSuspects: session.mayHaveSuspects, hasBounds: session.hasBounds)
            do {
                switch step {
                case .register: register(&loop)
                case .pause(let duration): pause(duration)
                case .transact(let count): try begin(&loop, claim: count, isAlone: view.holdsNothing)
                case .finish: try finish(&loop)
                case .giveBack(let count): try giveBack(keeping: count)
                case .sleep(let limit, let wakesForWork): try sleep(&loop, limit, wakesForWork)
                case .signOff: signOff(view)
                case .end: return isStuck && !isStopping()
                }
            } catch {
                lose(&loop, error)
            }
        }
    }

    private func register(_ loop: inout WorkerLoop) {
        do {
            try session.register()
            loop.registered()
            setRegistered(true)
        } catch {
            // The session has logged why.
            loop.registrationFailed(now: .now, jitter: .random(in: 0...1))
        }
    }

    private func pause(_ duration: Duration) {
        var descriptor = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, duration.pollMilliseconds)
        wake.drain()
    }

    private mutating func begin(_ loop: inout WorkerLoop, claim: Int, isAlone: Bool) throws(QueueError) {
        let ends = workload.withLock { $0.takeEnds() }
        for end in ends { loop.sizer.finished(end.type, seconds: end.seconds) }
        let number = try session.begin(completed: ends.map(\.completion), claim: claim, isAlone: isAlone)
        storing[number] = ends
    }

    private mutating func finish(_ loop: inout WorkerLoop) throws(QueueError) {
        let result = try session.finish()
        let (ends, tasks) = (storing.removeValue(forKey: result.number) ?? [], result.tasks)
        metrics.count(ends)
        loop.transacted(
            stored: ends.count, claimed: tasks.count, of: result.asked, isSuspect: tasks.first?.isSuspect ?? false,
            isUrgent: result.isUrgent, start: result.start, end: .now)
        guard !tasks.isEmpty else { return }
        metrics.count(claimed: tasks.count)
        loop.sizer.claimed(tasks.reduce(into: [:]) { $0[$1.type, default: 0] += 1 })
        // One task needs only one thread.
        if tasks.count == 1 {
            workload.signal { $0.add(tasks) }
        } else {
            workload.broadcast { $0.add(tasks) }
        }
    }

    private func giveBack(keeping count: Int) throws(QueueError) {
        let ids = workload.withLock { $0.takeBack(keeping: count) }
        guard !ids.isEmpty else { return }
        try session.giveBack(ids)
        logger.debug("Gave tasks back", metadata: ["tasks": .stringConvertible(ids.count)])
    }

    private func sleep(_ loop: inout WorkerLoop, _ limit: Duration, _ wakesForWork: Bool) throws(QueueError) {
        guard workload.withLock({ $0.beginSleep() }) else { return }
        defer { workload.withLock { $0.endSleep() } }
        loop.woke(try session.waitForWork(upTo: limit, wake: wake, wakesForWork: wakesForWork))
    }

    private func signOff(_ view: Workload.View) {
        // Tasks that still run are given back as well, so their results must not be stored any more.
        workload.withLock { $0.loseSession() }
        session.signOff()
        setRegistered(false)
        logger.info("Signed off", metadata: ["given.back": .stringConvertible(view.running)])
    }

    private mutating func lose(_ loop: inout WorkerLoop, _ error: QueueError) {
        let view = workload.withLock { workload in
            defer { workload.loseSession() }
            return workload.view
        }
        // After an error other than the loss of the session, the session still holds its claims. Signing off returns
        // them to the queue.
        if session.isRegistered { session.signOff() }
        setRegistered(false)
        metrics.countLostSession()
        loop.lost()
        storing = [:]
        let dropped = view.ended + view.running + view.buffered.values.reduce(0, +)
        // Only `info`: ``WorkerSession`` has already logged the loss as an error, with its cause.
        logger.info(
            "Dropped the tasks of the lost session",
            metadata: ["reason": "\(error)", "tasks": .stringConvertible(dropped)])
    }

    private func setRegistered(_ value: Bool) {
        isRegistered.set(value)
        metrics.show(isRegistered: value)
    }
}
