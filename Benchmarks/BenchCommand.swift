internal import ArgumentParser

/// The program `bench`: each benchmark is a subcommand (`make bench`, `make bench-queue` and so on).
@main
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures Millrace on this machine and prints a table.",
        subcommands: [
            SystemBench.self, WaitingBench.self, HotTableBench.self, BalancerBench.self, QueueBench.self,
            PeersBench.self,
        ])
}
