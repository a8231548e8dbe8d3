internal import ArgumentParser

/// Takes Millrace's figures on this machine: `make bench` and its siblings. One subcommand a benchmark.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures Millrace on this machine and prints a table.",
        subcommands: [
            SystemBench.self, WaitingBench.self, HotTableBench.self, BalancerBench.self, QueueBench.self,
            PeersBench.self,
        ])
}
