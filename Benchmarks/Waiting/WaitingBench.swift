internal import ArgumentParser
internal import Glibc
internal import JSON
internal import Queue
internal import Reactor

/// `make bench-waiting`: thousands of clients that wait for results at once.
struct WaitingBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "waiting",
        abstract: "Has thousands of clients wait for results at once, and measures how soon each is told.",
        discussion: """
            It starts `millrace up` on a free port with a data folder of its own. First all clients wait for tasks \
            that are due at a steady rate, then all of them for a paused type that is resumed. Times start at the \
            task's completed_at, which is before the result's commit.
            """)

    @Option(help: "The millrace program to measure.")
    var millrace: String

    @Option(help: "Clients that wait at once.")
    var clients = 5000

    @Option(help: "API nodes to start.")
    var api = 3

    @Option(help: "Tasks that end per second in the first part.")
    var rate = 500

    @Option(help: "Seconds in which all wait and nothing happens.")
    var seconds = 5

    @Option(help: "Where the raw numbers go (tab-separated).")
    var raw = ".build/bench-waiting.tsv"

    func validate() throws {
        guard clients > 0, api > 0, rate > 0, seconds > 0, clients / rate < 30 else {
            throw ValidationError("all have to be at least 1, and --clients at most 30 times --rate")
        }
    }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        DescriptorLimit.raise()
        let system = try System(program: millrace, api: api, workers: 2)
        defer { system.stop() }
        let inspector = try Inspector(system)
        var table = Table()

        usleep(2_000_000)
        let before = try inspector.look()
        usleep(useconds_t(seconds) * 1_000_000)
        let idle = try inspector.look()
        table.add("statements per second, nobody waits", idle.transactions(since: before, seconds), "/s")

        let loop = try EventLoop()
        let steady = Crowd(on: loop)
        try steady.enter(try dueTasks(system).map { Self.get("/task/\($0)?wait=60") }, at: system.address)
        steady.wait(for: .seconds(2))
        let start = try inspector.look()
        steady.wait(for: .seconds(seconds))
        let waiting = try inspector.look()
        guard steady.answers.isEmpty else { throw BenchError("a task ended before it was due") }
        table.add("clients that wait", Double(clients), "")
        table.add("statements per second, all wait", waiting.transactions(since: start, seconds), "/s")
        table.add("LISTEN sessions of a node", waiting.listeners / Double(api), "")
        table.add("threads more of a node", waiting.threads - idle.threads, "")
        table.add(
            "memory of nodes and balancer for each who waits", (waiting.memory - idle.memory) / Double(clients), "kB")
        try steady.waitForAnswers(within: .seconds(60))
        try report(steady, inspector, "told after the end, \(rate) ends/s", &table)

        try system.setSHA256(isPaused: true)
        let burst = Crowd(on: loop)
        let bodies = (0..<clients).map { "{\"string\":\"burst \($0)\"}" }
        try burst.enter(bodies.map { Self.post("/hash/sha256?wait=60", $0) }, at: system.address)
        burst.wait(for: .seconds(2))
        try system.setSHA256(isPaused: false)
        try burst.waitForAnswers(within: .seconds(60))
        try report(burst, inspector, "told after the end, all at once", &table)

        table.print()
        try table.write(to: raw)
    }

    private func report(_ crowd: Crowd, _ inspector: Inspector, _ name: String, _ table: inout Table) throws {
        defer { crowd.leave() }
        guard Set(crowd.answers.map(\.taskID)).count == clients else { throw BenchError("answers of other tasks") }
        let ends = try inspector.ends()
        var latencies = Latencies()
        for answer in crowd.answers {
            guard let end = ends[answer.taskID] else { throw BenchError("an answer of a task that has not ended") }
            latencies.add(.microseconds(answer.receivedAt - end))
        }
        for (label, fraction) in [("p50", 0.5), ("p99", 0.99), ("most", 1)] {
            table.add("\(name): \(label)", latencies.percentile(fraction), "ms")
        }
    }

    /// As many tasks as there are clients, due one after the other when all have come in.
    private func dueTasks(_ system: System) throws -> [String] {
        let connection = try system.connect()
        let start = Timestamp.now
        let lead = 4 + Double(clients) / 1000 + Double(seconds)
        var ids: [String] = []
        while ids.count < clients {
            let tasks = (ids.count..<min(clients, ids.count + 1000)).map { number -> JSONValue in
                let dueAt = start.advanced(by: .seconds(lead + Double(number) / Double(rate)))
                return [
                    "type": "sha256", "run_at": .string("\(dueAt)"), "input": ["string": .string("steady \(number)")],
                ]
            }
            let body = String(decoding: JSONValue.array(tasks).serialized(), as: UTF8.self)
            let reply = try connection.post("/tasks", body, expecting: 202)
            ids += reply["tasks"]?.arrayValue?.compactMap { $0["task_id"]?.stringValue } ?? []
        }
        return ids
    }

    private static func get(_ target: String) -> [UInt8] { Array("GET \(target) HTTP/1.1\r\nHost: bench\r\n\r\n".utf8) }

    private static func post(_ target: String, _ body: String) -> [UInt8] {
        Array(
            """
            POST \(target) HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n\
            Content-Length: \(body.utf8.count)\r\n\r\n\(body)
            """.utf8)
    }
}
