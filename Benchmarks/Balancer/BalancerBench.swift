internal import ArgumentParser
internal import Glibc
internal import Supervisor
internal import TestSupport

/// `make bench-balancer`: nginx, HAProxy and the balancer, measured in turn in front of the same responder.
struct BalancerBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balancer",
        abstract: "Compares the balancer with nginx and HAProxy, and prints a table.",
        discussion: """
            Each scenario runs with the programs in turn for several rounds; the table shows the medians. With one \
            worker, the program has the first core for itself, and the clients and the responder share another core. \
            The raw numbers of every run go to a file.
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

    @Option(help: "Run only the scenarios whose name contains this text.")
    var only: String?

    @Option(help: "Where the raw numbers go (tab-separated).")
    var raw = ".build/bench-balancer.tsv"

    func validate() throws {
        guard seconds > 0, rounds > 0 else { throw ValidationError("--seconds and --rounds must be above 0") }
        guard numbersOfWorkers.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--workers must be numbers above 0")
        }
    }

    private var numbersOfWorkers: [Int] { workers.split(separator: ",").map { Int($0) ?? 0 } }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        raiseDescriptorLimit()
        let folder = TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let scenarios = Scenario.all.filter { only.map($0.name.contains) ?? true }
        var table = ProxyComparisonTable()
        for workers in numbersOfWorkers {
            let comparison = try ProxyComparison(
                millrace: millrace, counter: Folder.absolute(counter), workers: workers, folder: folder.path,
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
