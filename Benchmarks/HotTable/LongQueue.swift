internal import Postgres

/// What a claim of 100 tasks takes while few and while very many are queued.
struct LongQueue {
    private static let claim = 100
    /// Claims of one measurement.
    private static let claims = 200

    private let cluster: BenchCluster

    init(_ cluster: BenchCluster) { self.cluster = cluster }

    /// With 1,000, with many, and with 1,000 again.
    /// - Returns: raw lines.
    func compare(_ many: Int) throws -> [String] {
        let ends = try QueueEnds(cluster)
        defer { ends.stop() }
        let administrator = try cluster.connect()
        func measure(_ queued: Int, _ label: String) throws -> (claim: Double, submission: [Double]) {
            try administrator.execute(text: "TRUNCATE task, finished_task, result_cache")
            var latencies = Latencies()
            var submissions = Latencies()
            for number in stride(from: 0, to: queued, by: 1000) { try ends.submit(1000, label: "\(label) \(number)") }
            try administrator.execute(text: "ANALYZE task")
            for number in 0..<(Self.claims + 20) {
                let (tasks, time) = try ends.claim(Self.claim)
                guard tasks.count == Self.claim else { throw BenchError("a claim of \(tasks.count) tasks") }
                try ends.complete(tasks)
                // The queue stays as long as it is.
                let start = ContinuousClock.now
                try ends.submit(Self.claim, label: "\(label) more \(number)")
                guard number >= 20 else { continue }
                submissions.add(start.duration(to: .now))
                latencies.add(time)
            }
            return (latencies.percentile(0.5), submissions.percentiles([0.5, 0.99]))
        }
        let rounds = [(1000, "few"), (many, "many"), (1000, "again")]
        let figures = try rounds.map { try measure($0.0, $0.1) }
        for (round, figure) in zip(rounds, figures) {
            let submission = figure.submission.map { $0.text(2) }.joined(separator: " and ")
            print(
                "\(round.0) queued: a claim of \(Self.claim) takes \(figure.claim.text(3)) ms (p50), "
                    + "a submission of as many \(submission) ms (p50, p99)")
        }
        let ratio = figures[1].claim / ((figures[0].claim + figures[2].claim) / 2)
        print("with \(many) queued a claim takes \(ratio.text(2)) times as long as with 1000")
        return zip(rounds, figures).map { round, figure in
            "\(round.0)\t\(figure.claim)\t\(figure.submission[0])\t\(figure.submission[1])"
        }
    }
}
