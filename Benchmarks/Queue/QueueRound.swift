internal import Glibc
internal import Postgres
internal import Queue
internal import Reactor
internal import TestSupport

/// One round of `bench queue`: each kind of work in Millrace, and then in bare sessions.
struct QueueRound {
    /// The figures of one kind of work.
    struct Result {
        /// Tasks per second.
        var millrace = 0.0
        var bare = 0.0
        /// Tasks per transaction.
        var batch = 0.0
        /// Processor time per task by part, in microseconds.
        var processor: [(name: String, value: Double)] = []
    }

    struct Latency {
        /// The intended rate, in requests per second.
        let rate: Double
        /// The median in milliseconds.
        let p50: Double
        let p99: Double
    }

    let parts: MillraceParts
    let cluster: BenchCluster
    let bare: BareQueue
    let connection: PostgresConnection
    let nodes: Int
    let workers: Int
    let clients: Int
    let duration: Duration
    let arraySize: Int
    /// Some measurements end after this number of tasks. The others end after `duration`.
    let backlog: Int
    /// The number of the round is a part of each input, so that no round finds another round's results in the cache.
    let number: Int

    private var load: TaskLoad {
        TaskLoad(target: parts.target, clients: clients, processorTime: { parts.processorTime }, isFinished: nil)
    }
    private var workedLoad: TaskLoad {
        TaskLoad(target: parts.target, clients: clients, processorTime: { parts.processorTime }, isFinished: isEmpty)
    }

    /// - Returns: the figures in the order of ``QueueBench``'s rows.
    func run() throws -> [Result] {
        var results = try millrace()
        parts.stop()
        let sessions = [1, 2, 4]
        let singles = max(1, Int(results[0].batch.rounded()))
        let claims = max(1, Int(results[2].batch.rounded()))
        results[0].bare = try best(sessions) {
            try bare.submit(backlog / 2, size: singles, sessions: $0, isWhole: false, label: "bare \(number) \($0)")
        }
        results[1].bare = try best(sessions) {
            try bare.submit(backlog, size: arraySize, sessions: $0, isWhole: true, label: "bare arrays \(number) \($0)")
        }
        results[2].bare = try best(sessions) { sessions in
            _ = try bare.submit(
                backlog, size: 1000, sessions: 1, isWhole: true, label: "bare drain \(number) \(sessions)")
            return try bare.drain(backlog, size: claims, sessions: sessions)
        }
        try clear()
        results[3].bare = try bare.life(
            backlog / 2, submission: max(1, Int(results[3].batch.rounded())), claim: claims,
            label: "bare life \(number)")
        return results
    }

    private func millrace() throws -> [Result] {
        try clear()
        try parts.startNodes(nodes)
        // Warm-up: plans, caches, connections and the partitions of the day.
        try parts.startWorkers(workers)
        _ = try workedLoad.run(.milliseconds(500), label: "warm \(number)")
        parts.stopWorkers()
        try clear()
        let submission = try measured("millrace_submission_size") {
            let outcome = try load.run(duration, label: "submit \(number)")
            return (outcome.submitted, outcome.submitting, outcome.time)
        }
        try clear()
        let arrays = try measured("millrace_submission_size") {
            let script = ArrayScript(tasks: backlog, size: arraySize, label: "array \(number)")
            let connections = try HTTPClients(4, target: parts.target, script: script)
            defer { connections.close() }
            let before = parts.processorTime
            let start = MonotonicTime.current
            try connections.run { script.isOver }
            return (backlog, MonotonicTime.current - start, parts.processorTime.since(before))
        }
        let drain = try drained()
        try clear()
        _ = try workedLoad.run(.milliseconds(500), label: "warm life \(number)")
        try clear()
        let life = try measured("millrace_submission_size") {
            let outcome = try workedLoad.run(duration, label: "life \(number)")
            return (outcome.submitted, outcome.whole, outcome.time)
        }
        let reading = try measured("millrace_submission_size") {
            let outcome = try workedLoad.run(duration, label: "read \(number)", outstanding: 64)
            return (outcome.read, outcome.whole, outcome.time)
        }
        return [submission, arrays, drain, life, reading]
    }

    /// Starts the workers, which complete all queued tasks. The time runs from the first claim to the last completion.
    private func drained() throws -> Result {
        let before = parts.processorTime
        try parts.startWorkers(workers)
        try eventually("the queue is empty", within: .seconds(600), every: .milliseconds(20), isEmpty)
        let time = parts.processorTime.since(before)
        let row = try connection.execute(
            "SELECT min(started_at), max(completed_at), count(*) FROM finished_task")
        let seconds = Double((row.time(0, 1) ?? 0) - (row.time(0, 0) ?? 0)) / 1e6
        let count = row.integer(0, 2) ?? 0
        let claims = try parts.summary("millrace_worker_claim_size")
        return Result(
            millrace: Double(count) / seconds, batch: claims.sum / max(1, claims.count),
            processor: time.microseconds(per: count))
    }

    private func measured(
        _ summary: String, _ body: () throws -> (Int, Duration, ProcessorTime)
    ) throws -> Result {
        let before = try parts.summary(summary)
        let (count, duration, time) = try body()
        let after = try parts.summary(summary)
        return Result(
            millrace: Double(count) / duration.inSeconds,
            batch: (after.sum - before.sum) / max(1, after.count - before.count),
            processor: time.microseconds(per: count))
    }

    private func best(_ sessions: [Int], _ body: (Int) throws -> Double) throws -> Double {
        try sessions.map {
            try clear()
            return try body($0)
        }.max() ?? .nan
    }

    private func isEmpty() throws -> Bool {
        try connection.execute("SELECT EXISTS (SELECT FROM task)").bool(0, 0) == false
    }

    /// Removes the rows of the run before. Writes a checkpoint, so that PostgreSQL starts none during a measurement.
    private func clear() throws {
        try connection.execute(text: "TRUNCATE task, finished_task, result_cache; CHECKPOINT")
    }

    /// Measures requests that submit a task and wait for its result, with all parts running.
    /// - Returns: the maximum number of results per second, and the latencies at two fractions of this rate.
    func latencies() throws -> (max: Double, shares: [(share: Double, latency: Latency)]) {
        try clear()
        try parts.startNodes(nodes)
        try parts.startWorkers(workers)
        defer { parts.stop() }
        _ = try WaitLoad.closed(parts.target, clients: clients, .milliseconds(500), label: "warm wait \(number)")
        let max =
            try [clients, 2 * clients, 4 * clients].map {
                try WaitLoad.closed(parts.target, clients: $0, duration, label: "wait \(number) \($0)")
            }.max() ?? .nan
        let shares = try [0.1, 0.7].map { share in
            let latencies = try WaitLoad.open(
                parts.target, rate: share * max, duration * 2, label: "steady \(number) \(share)")
            let figures = latencies.percentiles([0.5, 0.99])
            return (share, Latency(rate: share * max, p50: figures[0], p99: figures[1]))
        }
        return (max, shares)
    }
}
