internal import TestSupport

/// Tasks from the submission to the result: each client submits tasks, and reads the results of earlier ones.
enum EndToEnd {
    struct Outcome {
        /// Results that the clients have read.
        let count: Int
        /// Results per second of all clients together.
        let perSecond: Double
        let submissions: Latencies
    }

    /// If a client has more than this number of tasks with unread results, it reads the result of the oldest task next.
    private static let outstanding = 64

    static func measure(on system: BenchSystem, clients: Int, duration: Duration, label: String) throws -> Outcome {
        let start = ContinuousClock.now
        let outcomes = try inParallel(clients) { client in
            let connection = try system.connect()
            var submissions = Latencies()
            var pending: [String] = []
            var read = 0
            var isOver = false
            while !isOver || !pending.isEmpty {
                if !isOver {
                    let body = "{\"string\":\"\(label) \(client) \(submissions.count) \(start)\"}"
                    let before = ContinuousClock.now
                    let reply = try connection.exchange("POST", "/hash/sha256", body: body, expecting: 202)
                    submissions.add(before.duration(to: .now))
                    guard let id = reply.text(of: "task_id") else { throw BenchError("a response without task_id") }
                    pending.append(id)
                    isOver = start.duration(to: .now) >= duration
                }
                guard isOver || pending.count > outstanding else { continue }
                let state = try connection.exchange("GET", "/task/\(pending[0])?wait=10", expecting: 200)
                switch state.text(of: "status") {
                case "completed":
                    pending.removeFirst()
                    read += 1
                case "failed", "cancelled": throw BenchError("a sha256 task did not complete")
                default: continue
                }
            }
            return (read, submissions)
        }
        let elapsed = start.duration(to: .now).inSeconds
        var submissions = Latencies()
        for outcome in outcomes { submissions.merge(outcome.1) }
        let count = outcomes.map(\.0).reduce(0, +)
        return Outcome(count: count, perSecond: Double(count) / elapsed, submissions: submissions)
    }
}
