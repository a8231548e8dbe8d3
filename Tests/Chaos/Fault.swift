internal import Glibc
internal import Postgres
internal import TestSupport
internal import Threading

/// What can befall a system.
enum Fault: String, CaseIterable {
    case killWorker = "kill -9 of a worker"
    case killNode = "kill -9 of a node"
    case killBalancer = "kill -9 of the balancer"
    case killPostgreSQL = "kill -9 of PostgreSQL"
    case stopWorker = "a worker stopped for a while"
    case stopNode = "a node stopped for a while"
    case stopBalancer = "the balancer stopped for a while"
    case stopPostgreSQL = "PostgreSQL stopped for a while"
    case cutHost = "a worker's host cut off for a while"
}

/// Lets faults happen, one after the other, with pauses in which the system may come to itself or not.
struct FaultInjector {
    private(set) var counts: [Fault: Int] = [:]
    /// From the death of a worker until its tasks were given away.
    private(set) var recoveries: [Duration] = []

    private let system: ChaosSystem
    private let ledger: Ledger
    private var random: SeededGenerator

    init(_ system: ChaosSystem, _ random: SeededGenerator, ledger: Ledger) {
        self.system = system
        self.random = random
        self.ledger = ledger
    }

    mutating func inject(oneOf faults: [Fault]) throws {
        guard let fault = faults.randomElement(using: &random) else { return }
        let index = Int.random(in: 0..<64, using: &random)
        let length = Duration.milliseconds(Int.random(in: 100...3000, using: &random))
        let pause = Duration.milliseconds(Int.random(in: 300...2500, using: &random))
        say(fault.rawValue)
        counts[fault, default: 0] += 1
        switch fault {
        case .killWorker: try killWorker(index)
        case .killNode: kill("api", index)
        case .killBalancer: kill("balancer", index)
        case .killPostgreSQL: kill("postgres", index)
        case .stopWorker: stop("worker", index, for: length)
        case .stopNode: stop("api", index, for: length)
        case .stopBalancer: stop("balancer", index, for: length)
        case .stopPostgreSQL: stop("postgres", index, for: length)
        case .cutHost:
            try system.host?.cut()
            // Past the 10 s in which the server lets go of a host that is gone, now and then.
            sleepCurrentThread(for: length * 5)
            try system.host?.mend()
        }
        sleepCurrentThread(for: pause)
    }

    private func victim(_ part: String, _ index: Int) -> RunningProcess? {
        let processes = system.processes(part)
        return processes.isEmpty ? nil : processes[index % processes.count]
    }

    private func kill(_ part: String, _ index: Int) {
        if let victim = victim(part, index) { Glibc.kill(victim.pid, SIGKILL) }
    }

    /// All threads of the process, and for PostgreSQL the sessions too.
    private func stop(_ part: String, _ index: Int, for length: Duration) {
        guard let victim = victim(part, index) else { return }
        let all = [victim] + RunningProcess.descendants(of: victim.pid)
        for process in all { Glibc.kill(process.pid, SIGSTOP) }
        sleepCurrentThread(for: length)
        for process in all { Glibc.kill(process.pid, SIGCONT) }
    }

    /// Also takes the time until others have taken over: the row of a worker goes in the transaction that gives its
    /// tasks away.
    private mutating func killWorker(_ index: Int) throws {
        guard let victim = victim("worker", index), let database = try? system.database(),
            let worker = Self.worker(of: victim, database)
        else { return kill("worker", index) }
        let start = ContinuousClock.now
        Glibc.kill(victim.pid, SIGKILL)
        while try database.execute("SELECT FROM worker WHERE id = \(worker)").rowCount == 1 {
            guard ContinuousClock.now - start < .seconds(20) else { break }
            usleep(500)
        }
        recoveries.append(.now - start)
    }

    /// Its number in the table, by the session that holds its lock: `up` names its workers in the order of their start.
    private static func worker(of process: RunningProcess, _ database: PostgresConnection) -> Int? {
        guard let name = process.environment("WORKER_NAME") else { return nil }
        let rows = try? database.execute("SELECT max(id) FROM worker WHERE name = '\(name)'")
        return rows?.integer(0, 0)
    }
}
