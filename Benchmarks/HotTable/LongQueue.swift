internal import Postgres

/// What a claim of 100 tasks takes while few and while very many are queued.
///
/// There is a database for each, and the two are measured in turn, claim by claim: whatever else the machine does, or
/// PostgreSQL in the background, meets both.
struct LongQueue {
    private static let few = 1000
    private static let claim = 100
    /// Claims of each that count, after some that do not.
    private static let claims = 1000
    private static let warmUp = 400

    private let cluster: BenchCluster
    private let millrace: String

    init(_ cluster: BenchCluster, millrace: String) {
        self.cluster = cluster
        self.millrace = millrace
    }

    /// - Returns: raw lines.
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
                "\(side.queued) queued: a claim of \(Self.claim) takes \(side.claims.percentile(0.5).text(3)) ms (p50), "
                    + "a submission of as many \(submission) ms (p50, p99)")
        }
        let ratio = sides[1].claims.percentile(0.5) / sides[0].claims.percentile(0.5)
        print("with \(many) queued a claim takes \(ratio.text(2)) times as long as with \(Self.few)")
        return sides.map { side in
            let figures = [side.claims.percentile(0.5)] + side.submissions.percentiles([0.5, 0.99])
            return (["\(side.queued)"] + figures.map { "\($0)" }).joined(separator: "\t")
        }
    }

    /// A database with so many tasks queued.
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

        /// Claims and completes so many tasks, and hands in as many: the queue stays as long as it is.
        mutating func claim(_ count: Int, _ number: Int, counts: Bool) throws {
            let (tasks, time) = try ends.claim(count)
            guard tasks.count == count else { throw BenchError("a claim of \(tasks.count) tasks") }
            try ends.complete(tasks)
            let start = ContinuousClock.now
            try ends.submit(count, label: "more \(number)")
            guard counts else { return }
            submissions.add(start.duration(to: .now))
            claims.add(time)
        }
    }
}
