internal import ArgumentParser
internal import Glibc
internal import TestSupport
internal import Threading

/// `make chaos`: injects random faults into a running system under load, and then checks that no task is lost.
///
/// The checker is outside of the system. It knows each acknowledged id and the expected result.
@main
struct Chaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Kills, stops and cuts off the parts of a system under load, and checks that no task is lost.",
        discussion: """
            In the first third of the time only workers and nodes are killed, and no request may fail. After that \
            workers, nodes, balancer and PostgreSQL are killed, stopped and cut off. The same seed gives the same \
            faults, but not the same timing. To cut off a host the program must be root (network namespaces); \
            otherwise it leaves this fault out, and says so.
            """)

    @Option(help: "The millrace program to test.")
    var millrace: String

    @Option(help: "Seconds in which faults are injected.")
    var seconds = 600

    @Option(help: "The seed of the random faults (default: a random number).")
    var seed: UInt64 = .random(in: 0...0xFFFF_FFFF)

    @Option(help: "Clients that submit tasks all the time.")
    var clients = 16

    @Option(help: "Submissions per second of all clients together.")
    var rate = 200

    func validate() throws {
        guard seconds > 2, clients > 0, rate > 0 else {
            throw ValidationError("--seconds must be at least 3, --clients and --rate at least 1")
        }
    }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        say("seed \(seed)")
        let system = try ChaosSystem(program: millrace)
        defer { system.stop() }
        let ledger = Ledger()
        let load = ChaosLoad(system, clients: clients, rate: rate, ledger)
        var faults = FaultInjector(system, SeededGenerator(seed: seed), ledger: ledger)

        let start = ContinuousClock.now
        let endOfKills = start + .seconds(seconds) / 3
        ledger.phase = .killsOfNodesAndWorkers
        while ContinuousClock.now < endOfKills { try faults.inject(oneOf: Fault.killsOfNodesAndWorkers) }
        // A pause: each request that was sent while nodes and workers were killed must end before other faults begin.
        ledger.phase = .noFaults
        sleepCurrentThread(for: .seconds(2))
        ledger.phase = .allFaults
        let all = Fault.all(withCuts: system.network != nil)
        while ContinuousClock.now - start < .seconds(seconds) { try faults.inject(oneOf: all) }
        ledger.phase = .noFaults
        load.stop()

        let verdict = try Verdict(system, ledger, faults)
        verdict.print()
        if !verdict.isGood { throw ExitCode(1) }
    }
}

func say(_ line: String) {
    let bytes = Array("chaos: \(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
