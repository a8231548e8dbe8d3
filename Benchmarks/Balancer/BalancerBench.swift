internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import Reactor
internal import Supervisor

/// `make bench-balancer`: nginx, HAProxy and the balancer in turn in front of the same responder.
struct BalancerBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balancer",
        abstract: "Measures the balancer beside nginx and HAProxy and prints a table.",
        discussion: """
            Each scenario runs with the programs in turn, again and again; the table has the medians. With one worker, \
            the program has a core of its own, and the clients and the responder have another. The raw numbers of every run go to \
            a file.
            """)

    @Option(help: "The millrace program to measure.")
    var millrace: String

    @Option(help: "The shared object that counts allocations.")
    var counter: String

    @Option(help: "Seconds for each run.")
    var seconds = 2.0

    @Option(help: "Runs of each program in each scenario.")
    var rounds = 5

    @Option(help: "Numbers of workers, separated by commas.")
    var workers = "1,2"

    @Option(help: "Only scenarios whose name has this in it.")
    var only: String?

    @Option(help: "Where the raw numbers go (tab-separated).")
    var raw = ".build/bench-balancer.tsv"

    func validate() throws {
        guard seconds > 0, rounds > 0 else { throw ValidationError("--seconds and --rounds must be above 0") }
        guard numbersOfWorkers.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--workers must be numbers from 1 on")
        }
    }

    private var numbersOfWorkers: [Int] { workers.split(separator: ",").map { Int($0) ?? 0 } }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        DescriptorLimit.raise()
        let folder = FileManager.default.temporaryDirectory.path + "/millrace-bench-\(getpid())"
        try Folder.make(folder)
        defer { Folder.remove(folder) }
        let scenarios = Scenario.all.filter { only.map($0.name.contains) ?? true }
        var table = ComparisonTable()
        for workers in numbersOfWorkers {
            let comparison = try Comparison(
                millrace: millrace, counter: Folder.absolute(counter), workers: workers, folder: folder,
                duration: .seconds(seconds))
            for scenario in scenarios {
                table.add(try comparison.measure(scenario, rounds: rounds), scenario, workers: workers)
            }
            comparison.stop()
        }
        table.print()
        try table.write(to: raw)
    }
}
