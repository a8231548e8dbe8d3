internal import ArgumentParser
internal import Glibc
internal import Postgres
internal import Reactor
internal import Supervisor
internal import TestSupport

/// `make bench-peers`: Millrace compared with two Python stacks that do the same work.
struct PeersBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "Compares Millrace with pgqueuer and Celery, and prints a table.",
        discussion: """
            The benchmark starts, measures and stops each system in turn, on the same PostgreSQL with the same \
            settings. The table shows the medians; the raw numbers of every round go to a file.
            """)

    @Option(help: "The millrace program to measure.")
    var millrace: String

    @Option(help: "The folder of a Python environment with the packages of Peers/requirements.txt.")
    var python: String

    @Option(help: "The folder with the Python programs.")
    var programs = "Benchmarks/Peers"

    @Option(help: "Seconds for each measurement.")
    var seconds = 4.0

    @Option(help: "Rounds of all measurements.")
    var rounds = 3

    @Option(help: "Concurrent keep-alive clients.")
    var clients = 32

    @Option(help: "Run only the systems whose name contains this text.")
    var only = ""

    @Option(help: "Where the raw numbers go (tab-separated).")
    var raw = ".build/bench-peers.tsv"

    func validate() throws {
        guard seconds > 0, rounds > 0, clients > 0 else {
            throw ValidationError("--seconds, --rounds and --clients must be above 0")
        }
    }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        raiseDescriptorLimit()
        let folder = TemporaryFolder()
        let cluster = try BenchCluster(in: folder)
        defer { cluster.stop() }
        try cluster.grantCheckpoints()
        let parts = try MillraceParts(millrace, cluster: cluster, folder: folder)
        let python = Folder.absolute(python)
        let programs = Folder.absolute(programs)
        try MeasuredProgram(
            "install", [python + "/bin/python", programs + "/pgqueuer_worker.py", "install"],
            environment: ["BENCH_PGHOST": cluster.socketFolder, "PYTHONDONTWRITEBYTECODE": "1"]
        ).waitForExit()
        let connection = try cluster.connect()
        var figures = PeersFigures()
        for round in 1...rounds {
            for name in PeersFigures.systems where only.isEmpty || name.contains(only) {
                try connection.execute(
                    text: "TRUNCATE task, finished_task, result_cache, pgqueuer, pgqueuer_log, bench_result; CHECKPOINT"
                )
                guard let kind = PythonStack.Kind(rawValue: name) else {
                    try parts.startNodes(1)
                    try parts.startWorkers(1)
                    defer { parts.stop() }
                    let load = TaskLoad(
                        target: parts.target, clients: clients, processorTime: { parts.processorTime },
                        isFinished: {
                            try connection.execute("SELECT EXISTS (SELECT FROM task)").bool(0, 0) == false
                        })
                    try measure(load, TaskScript.Paths(), name, round, &figures)
                    continue
                }
                let stack = try PythonStack(kind, cluster: cluster, folder: folder, python: python, programs: programs)
                defer { stack.stop() }
                let load = TaskLoad(
                    target: stack.target, clients: clients, processorTime: { stack.processorTime },
                    isFinished: { try stack.unfinished() == 0 })
                try measure(load, TaskScript.Paths(read: ("/task/", "")), name, round, &figures)
            }
        }
        figures.print()
        try figures.write(to: raw)
    }

    private func measure(
        _ load: TaskLoad, _ paths: TaskScript.Paths, _ name: String, _ round: Int, _ figures: inout PeersFigures
    ) throws {
        // Warm-up: plans, caches and connections.
        _ = try load.run(.seconds(1), label: "warm \(round)", paths: paths)
        figures.add(try load.run(.seconds(seconds), label: "life \(round)", paths: paths), name)
        figures.add(
            reading: try load.run(.seconds(seconds), label: "read \(round)", outstanding: 64, paths: paths), name)
    }
}
