internal import Glibc
internal import Postgres
internal import Supervisor
internal import TestSupport
internal import Threading

/// Lets faults happen, one after the other, with pauses in which the system may come to itself or not.
struct FaultInjector {
    private(set) var counts: [Fault: Int] = [:]
    /// From the death of a worker until its tasks were given away.
    private(set) var requeues: [Duration] = []
    /// From the moment a worker's host was cut off, where it stayed so for long enough.
    private(set) var requeuesAfterCut: [Duration] = []
    /// From the kill, or the end of the fault, to the first request that began after it and was answered well.
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
        // Past the 10 s in which the server lets go of a host that is gone, now and then.
        let isLong = Int.random(in: 0..<3, using: &random) == 0
        let isPatient = Bool.random(using: &random)
        let pause = Duration.milliseconds(Int.random(in: 300...2500, using: &random))
        say("\(fault) (\(victim.service.name))")
        counts[fault, default: 0] += 1
        switch fault.deed {
        case .kill: kill(victim)
        case .stop: stop(victim, for: length)
        case .cut: try cut(victim, for: isLong ? .seconds(10) + length : length)
        }
        let end = ContinuousClock.now
        // Half of the time the next fault comes whether the system is well again or not.
        if isPatient, let time = ledger.waitForGoodRequest(after: end, within: .seconds(40)) {
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

    /// All threads of the process, and for PostgreSQL the sessions too.
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
        try network.mend(host)
    }

    /// The row of a worker goes in the transaction that gives its tasks away.
    private func waitUntilGone(
        _ worker: Int, _ database: PostgresConnection, until end: ContinuousClock.Instant
    ) -> Bool {
        while ContinuousClock.now < end {
            guard let rows = try? database.execute("SELECT FROM worker WHERE id = \(worker)") else { return false }
            if rows.rowCount == 0 { return true }
            usleep(500)
        }
        return false
    }

    /// Its number in the table; the row of one that has signed off, or was recovered, is not there any more.
    private func worker(of part: ChaosSystem.Part) -> Int? {
        let rows = try? system.database().execute("SELECT max(id) FROM worker WHERE name = '\(part.service.name)'")
        return rows?.integer(0, 0)
    }
}
