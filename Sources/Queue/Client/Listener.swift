internal import Glibc
internal import Logging
internal import Postgres
internal import Threading

/// Waits for the ends of tasks, for everybody on this node: a thread in LISTEN, which also keeps the deadlines.
///
/// A notification names ids; those somebody waits for here are read, together, by ``LookUps``. When the session is
/// lost notifications may be too, so after a reconnection all that is waited for is looked up once.
final class Listener: Sendable {
    typealias Answer = LookUps.Answer

    private struct State {
        var waiters = WaiterTable<@Sendable (Answer) -> Void>()
        var isStopping = false
    }

    private let state = Monitor(State())
    private let wake = EventFD()
    private let lookUps: LookUps
    private let logger: Logger
    private let thread = Monitor<NamedThread?>(nil)

    init(_ configuration: PostgresConfiguration, lookUps: LookUps, logger: Logger) {
        self.lookUps = lookUps
        self.logger = logger
        let thread = NamedThread("queue-listen") { [self] in run(configuration) }
        self.thread.withLock { $0 = thread }
    }

    /// Ends the thread. Everybody who still waits is told what is known of the task now. A second call does nothing.
    func stop() {
        state.withLock { $0.isStopping = true }
        wake.signal()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
        let left = state.withLock { $0.waiters.removeAll() }
        for (task, callback) in left { read(task, callback) }
    }

    /// Adds a waiter for a task that is about to be stored as awaited.
    func add(_ task: TaskID, for time: Duration, _ then: @escaping @Sendable (Answer) -> Void) -> Int? {
        let added = state.withLock { state -> (ticket: Int, isFirst: Bool)? in
            state.isStopping ? nil : state.waiters.add(task, until: .now + time, then)
        }
        if added?.isFirst == true { wake.signal() }
        return added?.ticket
    }

    /// - Returns: `nil`: the waiter has been answered already.
    func remove(_ ticket: Int) -> (@Sendable (Answer) -> Void)? {
        state.withLock { $0.waiters.remove(ticket) }
    }

    /// Answers when the task is finished or the time has passed, or at once if there is no such task, or no database.
    func wait(_ task: TaskID, for time: Duration, _ then: @escaping @Sendable (Answer) -> Void) {
        // The waiter comes first: the end of the task must not fall between looking and waiting.
        guard let ticket = add(task, for: time, then) else { return read(task, then) }
        lookUps.add(
            .watch(task) { [self] answer in
                switch answer {
                case .success(let record?) where !record.status.isFinished: break
                case .success: settle(task, answer)
                case .failure: remove(ticket)?(answer)
                }
            })
    }

    private func read(_ task: TaskID, _ then: @escaping @Sendable (Answer) -> Void) {
        if !lookUps.add(.read(task, then: then)) { then(.failure(.shuttingDown)) }
    }

    private func settle(_ task: TaskID, _ answer: Answer) {
        for callback in state.withLock({ $0.waiters.remove(task: task) }) { callback(answer) }
    }

    /// Reads tasks that are said to be finished. If that fails they are read again after the reconnection.
    private func check(_ tasks: [TaskID], isMarking: Bool) {
        for task in tasks {
            let then: @Sendable (Answer) -> Void = { [self] answer in
                switch answer {
                case .success(let record?) where record.status.isFinished: settle(task, answer)
                // A task that was just submitted is not there before its commit.
                case .success, .failure: break
                }
            }
            lookUps.add(isMarking ? .watch(task, then: then) : .read(task, then: then))
        }
    }
}

// The thread.
extension Listener {
    private func run(_ configuration: PostgresConfiguration) {
        var link = DatabaseLink(configuration, logger: logger) { (connection) throws(PostgresError) in
            try connection.execute(text: "LISTEN millrace_done")
        }
        var session = 0
        while !state.withLock({ $0.isStopping }) {
            do {
                let connection = try link.connected()
                if session != link.sessions {
                    session = link.sessions
                    check(state.withLock { $0.waiters.tasks }, isMarking: true)
                }
                hear(try connection.takeNotifications())
                expire()
                pause(for: nil, socket: connection.socket)
            } catch {
                link.drop()
                expire()
                pause(for: link.pause, socket: nil)
            }
        }
    }

    private func hear(_ notifications: [PostgresNotification]) {
        guard !notifications.isEmpty else { return }
        let ids = notifications.flatMap { $0.payload.split(separator: ",").compactMap { TaskID($0) } }
        check(state.withLock { state in ids.filter { state.waiters.isAwaited($0) } }, isMarking: false)
    }

    private func expire() {
        let now = ContinuousClock.now
        let expired = state.withLock { $0.waiters.removeExpired(at: now) }
        for (task, callback) in expired { read(task, callback) }
    }

    /// Sleeps until the server sends something, a deadline comes, somebody wakes us, or the time is over.
    private func pause(for limit: Duration?, socket: CInt?) {
        var limit = limit
        if let deadline = state.withLock({ $0.waiters.nextDeadline }) {
            let left = max(.zero, deadline - .now)
            limit = limit.map { min($0, left) } ?? left
        }
        var entries = [pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)]
        if let socket { entries.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0)) }
        _ = poll(&entries, nfds_t(entries.count), limit.map(\.pollMilliseconds) ?? -1)
        wake.drain()
    }
}
