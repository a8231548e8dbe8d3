internal import ArgumentParser
internal import Glibc
internal import JSON
internal import Queue
internal import Reactor
internal import TestSupport
internal import Threading

/// `make bench-waiting`: thousands of clients that wait for results at the same time.
struct WaitingBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "waiting",
        abstract: "Measures how soon thousands of waiting clients get their results.",
        discussion: """
            The benchmark starts `millrace up` on a free port with a temporary data folder. First the clients wait \
            for tasks that are due at a steady rate, then for tasks of a paused type that is resumed. A client's time \
            starts at the completed_at of its task, which is before the commit of the result.
            """)

    @Option(help: "The millrace program to measure.")
    var millrace: String

    @Option(help: "Clients that wait at the same time.")
    var clients = 5000

    @Option(help: "API nodes to start.")
    var api = 3

    @Option(help: "Tasks that end per second in the first part.")
    var rate = 500

    @Option(help: "Seconds in which all clients wait and no task ends.")
    var seconds = 5

    @Option(help: "Where the raw numbers go (tab-separated).")
    var raw = ".build/bench-waiting.tsv"

    func validate() throws {
        guard clients > 0, api > 0, rate > 0, seconds > 0, clients / rate < 30 else {
            throw ValidationError("all numbers must be at least 1, and --clients less than 30 times --rate")
        }
    }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        raiseDescriptorLimit()
        let system = try BenchSystem(program: millrace, api: api, workers: 2)
        defer { system.stop() }
        let inspector = try Inspector(system)
        var table = Table()

        // Wait, so that the start of the system is not in the figures.
        sleepCurrentThread(for: .seconds(2))
        let before = try inspector.sample()
        sleepCurrentThread(for: .seconds(seconds))
        let idle = try inspector.sample()
        table.add("statements per second without waiting clients", idle.transactions(since: before, seconds), "/s")

        let loop = try EventLoop()
        let steady = Crowd(on: loop)
        try steady.connect(try dueTasks(system).map { Self.get("/task/\($0)?wait=60") }, at: system.address)
        steady.wait(for: .seconds(2))
        let start = try inspector.sample()
        steady.wait(for: .seconds(seconds))
        let waiting = try inspector.sample()
        guard steady.answers.isEmpty else { throw BenchError("a task ended before it was due") }
        table.add("waiting clients", Double(clients), "")
        table.add("statements per second while all clients wait", waiting.transactions(since: start, seconds), "/s")
        table.add("LISTEN sessions per node", waiting.listeners / Double(api), "")
        table.add("additional threads per node", waiting.threads - idle.threads, "")
        table.add(
            "memory of nodes and balancer per waiting client", (waiting.memory - idle.memory) / Double(clients), "kB")
        try steady.waitForAnswers(within: .seconds(60))
        try report(steady, inspector, "response after the end of a task, \(rate) tasks/s", &table)

        try system.setSHA256(isPaused: true)
        let burst = Crowd(on: loop)
        let bodies = (0..<clients).map { "{\"string\":\"burst \($0)\"}" }
        try burst.connect(bodies.map { Self.post("/hash/sha256?wait=60", $0) }, at: system.address)
        burst.wait(for: .seconds(2))
        try system.setSHA256(isPaused: false)
        try burst.waitForAnswers(within: .seconds(60))
        try report(burst, inspector, "response after the end of a task, all at once", &table)

        table.print()
        try table.write(to: raw)
    }

    private func report(_ crowd: Crowd, _ inspector: Inspector, _ name: String, _ table: inout Table) throws {
        defer { crowd.close() }
        guard Set(crowd.answers.map(\.taskID)).count == clients else {
            throw BenchError("two clients got the same task")
        }
        let completionTimes = try inspector.completionTimes()
        var latencies = Latencies()
        for answer in crowd.answers {
            guard let end = completionTimes[answer.taskID] else {
                throw BenchError("a response for an unfinished task")
            }
            latencies.add(.microseconds(answer.receivedAt - end))
        }
        for (label, fraction) in [("p50", 0.5), ("p99", 0.99), ("max", 1)] {
            table.add("\(name): \(label)", latencies.percentile(fraction), "ms")
        }
    }

    /// Submits one task for each client. The tasks are due one after another. When the first task is due, all clients
    /// have connected.
    private func dueTasks(_ system: BenchSystem) throws -> [String] {
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
