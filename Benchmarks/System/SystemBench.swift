internal import ArgumentParser
internal import Glibc

/// `make bench`: a whole system, which the benchmark starts itself.
struct SystemBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "system",
        abstract: "Measures a whole system on this machine and prints a table.",
        discussion: """
            The benchmark starts `millrace up` on a free port with a temporary data folder, sends requests through the \
            balancer, and stops it. The raw numbers go to a file. The speed of a shared machine changes: compare only \
            figures of one run.
            """)

    @Option(help: "The millrace program to measure.")
    var millrace: String

    @Option(help: "Seconds for each measurement.")
    var seconds = 10

    @Option(help: "Concurrent keep-alive clients of the throughput rows.")
    var clients = 32

    @Option(help: "API nodes to start.")
    var api = 3

    @Option(help: "Workers to start.")
    var workers = 3

    @Option(help: "Where the raw numbers go (tab-separated).")
    var raw = ".build/bench.tsv"

    func validate() throws {
        guard seconds > 0, clients > 0, api > 0, workers > 0 else {
            throw ValidationError("--seconds, --clients, --api and --workers must be at least 1")
        }
    }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        let system = try BenchSystem(program: millrace, api: api, workers: workers)
        defer { system.stop() }
        let duration = Duration.seconds(seconds)
        var table = Table()

        // Warm-up: plans, caches and connections.
        _ = try EndToEnd.measure(on: system, clients: clients, duration: .seconds(2), label: "warm")

        var before = system.processorTime
        let life = try EndToEnd.measure(on: system, clients: clients, duration: duration, label: "life")
        table.add("tasks end to end (sha256, \(clients) clients, POST then GET)", life.perSecond, "tasks/s")
        table.add("  submission p50", life.submissions.percentile(0.50), "ms")
        table.add("  submission p99", life.submissions.percentile(0.99), "ms")

        table.add(system.processorTime.since(before), per: life.count)

        before = system.processorTime
        let waiting = try WaitingCalls.measure(on: system, clients: clients, duration: duration, label: "wait")
        table.add("tasks in one call (sha256, \(clients) clients, ?wait)", waiting.perSecond, "tasks/s")
        table.add("  submit to result p50", waiting.latencies.percentile(0.50), "ms")
        table.add("  submit to result p99", waiting.latencies.percentile(0.99), "ms")

        table.add(system.processorTime.since(before), per: waiting.latencies.count)

        let low = try WaitingCalls.measure(on: system, clients: 1, duration: duration, label: "low")
        table.add("low load: submit to result p50 (1 client, ?wait)", low.latencies.percentile(0.50), "ms")
        table.add("  p99", low.latencies.percentile(0.99), "ms")

        let cached = try CachedReplies.measure(on: system, clients: clients, duration: duration)
        table.add("replies from the cache (\(clients) clients)", cached.perSecond, "replies/s")

        let argon2 = try Argon2Comparison.measure(on: system, duration: duration)
        table.add("argon2 (64 MiB, t=3, p=4)", argon2.system, "tasks/s")
        table.add("  bare libargon2 on all cores", argon2.bare, "hashes/s")
        table.add("  ratio (medians of runs in turn)", argon2.ratio, "")

        table.print()
        try table.write(to: raw)
    }
}
