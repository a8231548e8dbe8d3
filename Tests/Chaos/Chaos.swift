internal import ArgumentParser
internal import Glibc
internal import TestSupport
internal import Threading

/// Breaks a running system at random, under load, and then looks whether it kept what it promises: `make chaos`.
///
/// The checker stands outside: it holds every id that was acknowledged and what its result has to be.
@main
struct Chaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Kills, stops and cuts off the parts of a Millrace under load, and checks that nothing is lost.",
        discussion: """
            The first third of the time only workers and nodes are killed, and no client may see a failed request; then \
            everything breaks: workers, nodes, balancer and PostgreSQL are killed, stopped and cut off. A run is \
            repeated with its seed, as far as a machine repeats itself. Cutting off a host needs root (network \
            namespaces); without it that fault is left out, and said so.
            """)

    @Option(help: "The millrace program.")
    var millrace: String

    @Option(help: "Seconds of faults.")
    var seconds = 600

    @Option(help: "What decides which faults come when; default: drawn.")
    var seed: UInt64 = .random(in: 0...0xFFFF_FFFF)

    @Option(help: "Clients that hand in work all the time.")
    var clients = 16

    @Option(help: "Submissions per second, all clients together.")
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
        let load = Load(system, clients: clients, rate: rate, ledger)
        var faults = FaultInjector(system, SeededGenerator(seed: seed), ledger: ledger)

        let start = ContinuousClock.now
        let gentle = start + .seconds(seconds) / 3
        ledger.phase = .onlyNodesAndWorkersKilled
        while ContinuousClock.now < gentle { try faults.inject(oneOf: Fault.killsOfNodesAndWorkers) }
        // What was begun until here is not to meet what comes now.
        ledger.phase = .calm
        sleepCurrentThread(for: .seconds(2))
        ledger.phase = .everything
        let all = Fault.all(withCuts: system.network != nil)
        while ContinuousClock.now - start < .seconds(seconds) { try faults.inject(oneOf: all) }
        ledger.phase = .calm
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
