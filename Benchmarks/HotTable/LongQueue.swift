internal import Postgres

/// The time of a claim of 100 tasks with a short queue and with a very long one.
///
/// Each queue has its own database, and the claims of both alternate. So other programs of the machine, and
/// PostgreSQL's background processes, affect both in the same way.
struct LongQueue {
    private static let few = 1000
    private static let claim = 100
    /// Measured claims of each queue, after the claims of the warm-up.
    private static let claims = 1000
    private static let warmUp = 400

    private let cluster: BenchCluster
    private let millrace: String

    init(_ cluster: BenchCluster, millrace: String) {
        self.cluster = cluster
        self.millrace = millrace
    }

    /// - Returns: the lines of the raw file.
    func compare(_ many: Int) throws -> [String] {
        var sides = [
            try Side(cluster, millrace, "few", queued: Self.few), try Side(cluster, millrace, "many", queued: many),
        ]
        defer { for side in sides { side.ends.stop() } }
        for number in 0..<(Self.warmUp + Self.claims) {
            let counts = number >= Self.warmUp
            for index in number % 2 == 0 ? [0, 1] : [1, 0] {
                try sides[index].claim(Self.claim, number, counts: counts)
            }
        }
        for side in sides {
            let submission = side.submissions.percentiles([0.5, 0.99]).map { $0.text(2) }.joined(separator: " and ")
            print(
                "\(side.queued) queued tasks: a claim of \(Self.claim) takes \(side.claims.percentile(0.5).text(3)) ms (p50), "
                    + "a submission of as many takes \(submission) ms (p50 and p99)")
        }
        let ratio = sides[1].claims.percentile(0.5) / sides[0].claims.percentile(0.5)
        print("with \(many) queued tasks a claim takes \(ratio.text(2)) times as long as with \(Self.few)")
        return sides.map { side in
            let figures = [side.claims.percentile(0.5)] + side.submissions.percentiles([0.5, 0.99])
            return (["\(side.queued)"] + figures.map { "\($0)" }).joined(separator: "\t")
        }
    }

    /// A database with a number of queued tasks.
    private struct Side {
        let queued: Int
        let ends: QueueEnds
        private(set) var claims = Latencies()
        private(set) var submissions = Latencies()

        init(_ cluster: BenchCluster, _ millrace: String, _ name: String, queued: Int) throws {
            self.queued = queued
            let database = try cluster.addDatabase(name)
            try MillraceParts.migrate(database, millrace)
            ends = try QueueEnds(database)
            for number in stride(from: 0, to: queued, by: 100) { try ends.submit(100, label: "\(number)") }
            try PostgresConnection(PostgresConfiguration(connectionString: database)).execute(text: "ANALYZE task")
        }

        /// Claims and completes `count` tasks, and submits as many, so that the length of the queue stays the same.
        mutating func claim(_ count: Int, _ number: Int, counts: Bool) throws {
            let (tasks, time) = try ends.claim(count)
            guard tasks.count == count else { throw BenchError("a claim has \(tasks.count) tasks instead of \(count)") }
            try ends.complete(tasks)
            let start = ContinuousClock.now
            try ends.submit(count, label: "more \(number)")
            guard counts else { return }
            submissions.add(start.duration(to: .now))
            claims.add(time)
        }
    }
}
