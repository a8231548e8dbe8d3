internal import Glibc
internal import Logging
internal import Postgres
internal import Threading

/// Waits until tasks finish, for all requests of this node. One thread listens to notifications (LISTEN), and ends the
/// waits whose time is up.
///
/// A notification contains task ids. ``LookUps`` reads those tasks that a request waits for, with one statement.
/// Notifications may be lost together with the session, so all awaited tasks are looked up once after each
/// reconnection.
final class CompletionListener: Sendable {
    typealias Callback = @Sendable (LookUpAnswer) -> Void

    private struct State {
        var waiters = WaiterTable<Callback>()
        var isStopping = false
    }

    private let state = Monitor(State())
    private let wake = EventFD()
    private let lookUps: LookUps
    /// Called after a notification that clients have changed, and after each new connection.
    private let clientsChanged: @Sendable () -> Void
    private let logger: Logger
    private let thread = Monitor<NamedThread?>(nil)

    init(
        _ configuration: PostgresConfiguration, lookUps: LookUps, logger: Logger,
        clientsChanged: @escaping @Sendable () -> Void
    ) {
        self.lookUps = lookUps
        self.clientsChanged = clientsChanged
        self.logger = logger
        let thread = NamedThread("queue-listen") { [self] in run(configuration) }
        self.thread.withLock { $0 = thread }
    }

    /// Ends the thread. All waiting requests get the current state of their task. A second call does nothing.
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

    /// Adds a waiter for a task. The caller marks the task as awaited, or stores it with this mark.
    /// - Returns: the waiter's ticket; `nil` after ``stop()``.
    func add(_ task: TaskID, for time: Duration, _ then: @escaping Callback) -> Int? {
        let added = state.withLock { state -> (ticket: Int, isFirst: Bool)? in
            state.isStopping ? nil : state.waiters.add(task, until: .now + time, then)
        }
        if added?.isFirst == true { wake.signal() }
        return added?.ticket
    }

    /// - Returns: `nil` if the waiter has been answered already.
    func remove(_ ticket: Int) -> Callback? {
        state.withLock { $0.waiters.remove(ticket) }
    }

    /// Answers when the task is finished or the time is up. If there is no such task, or the database is out of reach,
    /// it answers at once.
    /// - Parameter visibility: whose tasks the caller may see.
    func wait(_ task: TaskID, by visibility: Visibility, for time: Duration, _ then: @escaping Callback) {
        let then: Callback = { answer in
            then(answer.map { $0.flatMap { visibility.covers($0.client) ? $0 : nil } })
        }
        // The waiter is added first, so that the task cannot end unnoticed between the look-up and the wait.
        guard let ticket = add(task, for: time, then) else { return read(task, then) }
        lookUps.add(
            .watch(task, by: visibility) { [self] answer in
                switch answer {
                case .success(let record?) where !record.status.isFinished: break
                case .success(_?): answerAll(task, answer)
                // Answer only this waiter. Others may wait for the same task, and be allowed to see it.
                case .success(nil), .failure: remove(ticket)?(answer)
                }
            })
    }

    private func read(_ task: TaskID, _ then: @escaping Callback) {
        if !lookUps.add(.read(task, by: .all, then: then)) { then(.failure(.shuttingDown)) }
    }

    private func answerAll(_ task: TaskID, _ answer: LookUpAnswer) {
        for callback in state.withLock({ $0.waiters.remove(task: task) }) { callback(answer) }
    }

    /// Reads tasks that may be finished. If the read fails, they are read again after the reconnection.
    /// - Parameter isMarking: mark the tasks as awaited.
    private func check(_ tasks: [TaskID], isMarking: Bool) {
        for task in tasks {
            let then: Callback = { [self] answer in
                switch answer {
                case .success(let record?) where record.status.isFinished: answerAll(task, answer)
                // A task that was just submitted is not found before its commit.
                case .success, .failure: break
                }
            }
            lookUps.add(isMarking ? .watch(task, by: .all, then: then) : .read(task, by: .all, then: then))
        }
    }

    // MARK: the thread

    private func run(_ configuration: PostgresConfiguration) {
        var link = DatabaseLink(configuration, logger: logger) { (connection) throws(PostgresError) in
            try connection.execute(text: "LISTEN millrace_done; LISTEN \(ClientSQL.channel)")
        }
        var session = 0
        while !state.withLock({ $0.isStopping }) {
            do {
                let connection = try link.connected()
                if session != link.sessions {
                    session = link.sessions
                    check(state.withLock { $0.waiters.tasks }, isMarking: true)
                    clientsChanged()
                }
                handle(try connection.takeNotifications())
                expire()
                sleep(for: nil, socket: connection.socket)
            } catch {
                link.drop()
                // While the thread was connecting, waiting times may have ended.
                expire()
                sleep(for: link.pause, socket: nil)
            }
        }
    }

    private func handle(_ notifications: [PostgresNotification]) {
        guard !notifications.isEmpty else { return }
        if notifications.contains(where: { $0.channel == ClientSQL.channel }) { clientsChanged() }
        let ids = notifications.flatMap { $0.payload.split(separator: ",").compactMap { TaskID($0) } }
        check(state.withLock { state in ids.filter { state.waiters.isAwaited($0) } }, isMarking: false)
    }

    private func expire() {
        let now = ContinuousClock.now
        let expired = state.withLock { $0.waiters.removeExpired(at: now) }
        for (task, callback) in expired { read(task, callback) }
    }

    /// Sleeps until the server sends something, a waiter expires, `wake` is signalled, or `limit` is over.
    private func sleep(for limit: Duration?, socket: CInt?) {
        var limit = limit
        if let expiry = state.withLock({ $0.waiters.nextExpiry }) {
            let left = max(.zero, expiry - .now)
            limit = limit.map { min($0, left) } ?? left
        }
        var entries = [pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)]
        if let socket { entries.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0)) }
        _ = poll(&entries, nfds_t(entries.count), limit.map(\.pollMilliseconds) ?? -1)
        wake.drain()
    }
}
