internal import Glibc
internal import JSON
internal import Logging
internal import Postgres
internal import Queue
internal import Tasks
internal import TestSupport
internal import Threading

/// Measures the upper limit of the throughput: runs the queue's own statements in sessions of this process, without
/// HTTP and without any process of Millrace.
struct BareQueue {
    let cluster: BenchCluster

    private static let secret = [UInt8](repeating: 7, count: 32)
    private static let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

    /// Submits tasks.
    /// - Parameters:
    ///   - size: tasks per transaction.
    ///   - isWhole: whether each batch is an explicit transaction, like the tasks of one request.
    /// - Returns: tasks per second.
    func submit(_ tasks: Int, size: Int, sessions: Int, isWhole: Bool, label: String) throws -> Double {
        let batches = max(1, tasks / size / sessions)
        let ready = try (0..<sessions).map { session in
            Session(
                connection: try cluster.connect(settings: SessionSettings.fixedPlans),
                calls: try (0..<batches).map { try Self.call(size, isWhole, "\(label) \(session) \($0)") })
        }
        let start = ContinuousClock.now
        _ = try inParallel(sessions) { try ready[$0].run() }
        return Double(batches * size * sessions) / start.duration(to: .now).inSeconds
    }

    /// Claims and completes tasks until none is left.
    /// - Parameter size: tasks per claim.
    /// - Returns: tasks per second.
    func drain(_ tasks: Int, size: Int, sessions: Int) throws -> Double {
        let start = ContinuousClock.now
        let counts = try inParallel(sessions) { try Self.work(cluster, size, "bare-\($0)", until: { true }) }
        let done = counts.reduce(0, +)
        guard done == tasks else { throw BenchError("\(done) of \(tasks) tasks were drained") }
        return Double(tasks) / start.duration(to: .now).inSeconds
    }

    /// Submits, claims and completes tasks at the same time.
    /// - Returns: tasks per second, from the first submission to the last completion.
    func life(_ tasks: Int, submission: Int, claim: Int, label: String) throws -> Double {
        let batches = max(1, tasks / submission)
        let session = Session(
            connection: try cluster.connect(settings: SessionSettings.fixedPlans),
            calls: try (0..<batches).map { try Self.call(submission, false, "\(label) \($0)") })
        let isSubmitted = Monitor(false)
        let start = ContinuousClock.now
        _ = try inParallel(2) { thread in
            if thread == 0 {
                defer { isSubmitted.withLock { $0 = true } }
                try session.run()
            } else {
                _ = try Self.work(cluster, claim, "bare", until: { isSubmitted.withLock { $0 } })
            }
        }
        return Double(batches * submission) / start.duration(to: .now).inSeconds
    }

    /// A session and its statements. The statements are built before the clock starts.
    private struct Session: @unchecked Sendable {
        let connection: PostgresConnection
        let calls: [[PostgresCall]]

        func run() throws {
            for call in calls {
                try connection.execute(call)
                try connection.execute(NotifySQL.work.with())
            }
        }
    }

    private static func call(_ size: Int, _ isWhole: Bool, _ label: String) throws -> [PostgresCall] {
        guard let definition = TaskRegistry.builtIn.definition(named: "sha256") else { throw BenchError("no sha256") }
        let tasks = try (0..<size).map {
            Submission(task: try definition.prepare(.object(["string": .string("\(label) \($0)")])))
        }
        var batch = SubmissionRows()
        batch.add(tasks, isAwaited: false, mayQueue: true, secret: KeyedDigest(secret: secret))
        let call = batch.call(slot: Int16.random(in: 0...255), isPlain: !isWhole)
        return isWhole ? [SubmitSQL.begin.with(), call, SubmitSQL.commit.with()] : [call]
    }

    /// Claims and completes tasks. When `isOver` returns true, the work ends with the next claim that finds no task.
    /// - Returns: the number of completed tasks.
    private static func work(
        _ cluster: BenchCluster, _ size: Int, _ name: String, until isOver: () -> Bool
    ) throws -> Int {
        let session = WorkerSession(
            WorkerSession.Configuration(
                postgres: PostgresConfiguration(connectionString: cluster.connectionString), name: name,
                types: TaskRegistry.builtIn.all.map(\.name)), watch: nil, logger: logger)
        try session.register()
        defer { session.signOff() }
        let result = Array(
            #"{"algorithm":"sha256","execution_time_seconds":1.2e-05,"hash":"\#(String(repeating: "0", count: 64))"}"#
                .utf8)
        var ends: [TaskCompletion] = []
        var done = 0
        while true {
            let mayEnd = isOver()
            let claimed = try session.transact(completed: ends, claim: size)
            done += ends.count
            ends = claimed.map { TaskCompletion(id: $0.id, outcome: .completed(result: result)) }
            if ends.isEmpty {
                if mayEnd { return done }
                sleepCurrentThread(for: .microseconds(500))
            }
        }
    }
}
