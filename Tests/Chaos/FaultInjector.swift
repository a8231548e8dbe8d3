internal import Glibc
internal import Postgres
internal import Supervisor
internal import TestSupport
internal import Threading

/// Injects faults one after the other. The pause after a fault may be too short for the system to recover.
struct FaultInjector {
    private(set) var counts: [Fault: Int] = [:]
    /// Times from the kill of a worker until its tasks were requeued.
    private(set) var requeues: [Duration] = []
    /// Times from the cut of a worker's host until the tasks of the worker were requeued. A cut that ended before the
    /// tasks were requeued is left out.
    private(set) var requeuesAfterCut: [Duration] = []
    /// Recovery times. A recovery begins with the kill, or with the end of the stop or the cut. It ends when a request
    /// that was sent during the recovery has succeeded.
    private(set) var recoveries: [Fault: [Duration]] = [:]

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
        let parts = system.parts(fault.kind)
        let victim = parts[Int.random(in: 0..<parts.count, using: &random)]
        let length = Duration.milliseconds(Int.random(in: 100...3000, using: &random))
        // Some cuts are longer than the 10 s after which PostgreSQL closes the sessions of an unreachable host.
        let isLong = Int.random(in: 0..<3, using: &random) == 0
        let waitsForRecovery = Bool.random(using: &random)
        let pause = Duration.milliseconds(Int.random(in: 300...2500, using: &random))
        say("\(fault) (\(victim.service.name))")
        counts[fault, default: 0] += 1
        switch fault.action {
        case .kill: kill(victim)
        case .stop: stop(victim, for: length)
        case .cut: try cut(victim, for: isLong ? .seconds(10) + length : length)
        }
        let end = ContinuousClock.now
        // In half of the cases, do not wait: the next fault may come before the system has recovered.
        if waitsForRecovery, let time = ledger.waitForGoodRequest(after: end, within: .seconds(40)) {
            recoveries[fault, default: []].append(time)
        }
        sleepCurrentThread(for: max(.zero, pause - (.now - end)))
    }

    private mutating func kill(_ victim: ChaosSystem.Part) {
        guard let pid = victim.service.pid else { return }
        guard victim.kind == .worker, let worker = worker(of: victim), let database = try? system.database() else {
            Glibc.kill(pid, SIGKILL)
            return
        }
        let start = ContinuousClock.now
        Glibc.kill(pid, SIGKILL)
        if waitUntilGone(worker, database, until: start + .seconds(20)) { requeues.append(.now - start) }
    }

    /// Stops the process and its children, for example the sessions of PostgreSQL.
    private func stop(_ victim: ChaosSystem.Part, for length: Duration) {
        guard let pid = victim.service.pid else { return }
        let all = [pid] + RunningProcess.descendants(of: pid).map(\.pid)
        for process in all { Glibc.kill(process, SIGSTOP) }
        sleepCurrentThread(for: length)
        for process in all { Glibc.kill(process, SIGCONT) }
    }

    private mutating func cut(_ victim: ChaosSystem.Part, for length: Duration) throws {
        guard let host = victim.host, let network = system.network else { return }
        let end = ContinuousClock.now + length
        let worker = victim.kind == .worker ? worker(of: victim) : nil
        let database = try? system.database()
        let start = ContinuousClock.now
        try network.cut(host)
        if let worker, let database, waitUntilGone(worker, database, until: end) {
            requeuesAfterCut.append(.now - start)
        }
        sleepCurrentThread(for: max(.zero, end - .now))
        try network.reconnect(host)
    }

    /// Waits until a worker's row is deleted. The transaction that requeues the worker's tasks deletes the row.
    /// - Returns: false after `end`, or if the database does not answer.
    private func waitUntilGone(
        _ worker: Int, _ database: PostgresConnection, until end: ContinuousClock.Instant
    ) -> Bool {
        let isGone: Void? = try? eventually("worker \(worker) is gone", within: end - .now, every: .microseconds(500)) {
            try database.execute("SELECT FROM worker WHERE id = \(worker)").rowCount == 0
        }
        return isGone != nil
    }

    /// The id of the worker's row; nil if the worker has signed off, or if its tasks were requeued.
    private func worker(of part: ChaosSystem.Part) -> Int? {
        let rows = try? system.database().execute("SELECT max(id) FROM worker WHERE name = '\(part.service.name)'")
        return rows?.integer(0, 0)
    }
}
