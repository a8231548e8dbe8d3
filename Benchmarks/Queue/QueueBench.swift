internal import ArgumentParser
internal import Glibc
internal import TestSupport

/// `make bench-queue`: the queue compared with bare sessions that run the same statements.
struct QueueBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Compares the queue with bare sessions that run the same statements, and prints tables.",
        discussion: """
            The benchmark starts its own PostgreSQL, nodes, balancer and workers, and stops them. The ceiling is the \
            rate of the same statements with the same batch sizes in sessions of this program: the best of 1, 2 and 4 \
            sessions. The tables show medians; the raw numbers of every round go to a file.
            """)

    @Option(help: "The millrace program to measure.")
    var millrace: String

    @Option(help: "Seconds for each measurement.")
    var seconds = 3.0

    @Option(help: "Rounds of all measurements.")
    var rounds = 3

    @Option(help: "Concurrent keep-alive clients.")
    var clients = 32

    @Option(help: "API nodes to start.")
    var api = 1

    @Option(help: "Workers to start.")
    var workers = 1

    @Option(help: "Tasks per array.")
    var array = 1000

    @Option(help: "Tasks that are submitted in arrays, and drained afterwards.")
    var backlog = 50_000

    @Option(help: "Where the raw numbers go (tab-separated).")
    var raw = ".build/bench-queue.tsv"

    func validate() throws {
        guard seconds > 0, rounds > 0, clients > 0, api > 0, workers > 0, array > 0, backlog >= 2 * array else {
            throw ValidationError("all numbers must be above 0, and --backlog at least twice --array")
        }
    }

    static let rows = [
        "submit, one by one", "submit, in arrays", "drain", "full life", "full life, each result read",
    ]

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        raiseDescriptorLimit()
        let folder = TemporaryFolder()
        let cluster = try BenchCluster(in: folder)
        defer { cluster.stop() }
        let parts = try MillraceParts(millrace, cluster: cluster, folder: folder)
        defer { parts.stop() }
        let connection = try cluster.connect()
        // Only a superuser, or a member of pg_checkpoint, may run CHECKPOINT.
        try cluster.grantCheckpoints()
        var figures = QueueFigures()
        for number in 1...rounds {
            let round = QueueRound(
                parts: parts, cluster: cluster, bare: BareQueue(cluster: cluster), connection: connection, nodes: api,
                workers: workers, clients: clients, duration: .seconds(seconds), arraySize: array,
                backlog: backlog / array * array, number: number)
            figures.add(try round.run())
            figures.add(try round.latencies())
        }
        figures.print()
        try figures.write(to: raw)
    }
}
