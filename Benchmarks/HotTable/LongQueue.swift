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
        func median(_ queued: Int, _ label: String) throws -> Double {
            try administrator.execute(text: "TRUNCATE task, finished_task, result_cache")
            var latencies = Latencies()
            for number in stride(from: 0, to: queued, by: 1000) { try ends.submit(1000, label: "\(label) \(number)") }
            try administrator.execute(text: "ANALYZE task")
            for number in 0..<(Self.claims + 20) {
                let (tasks, time) = try ends.claim(Self.claim)
                guard tasks.count == Self.claim else { throw BenchError("a claim of \(tasks.count) tasks") }
                try ends.complete(tasks)
                // The queue stays as long as it is.
                try ends.submit(Self.claim, label: "\(label) more \(number)")
                if number >= 20 { latencies.add(time) }
            }
            return latencies.percentile(0.5)
        }
        let few = try median(1000, "few")
        let long = try median(many, "many")
        let again = try median(1000, "again")
        let base = (few + again) / 2
        print("a claim of \(Self.claim) with 1,000 tasks queued: \(few.text(3)) and \(again.text(3)) ms (p50)")
        print("with \(many): \(long.text(3)) ms, \((long / base).text(2)) times as long")
        return ["1000\t\(few)", "\(many)\t\(long)", "1000\t\(again)"]
    }
}
