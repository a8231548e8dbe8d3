internal import Client
internal import Glibc
internal import JSON
internal import Postgres
internal import TestSupport
internal import Threading

/// The result of a run: what became of each acknowledged task, and which requests failed.
struct Verdict {
    private enum Finding: String, CaseIterable {
        case missing, unfinished = "not completed", wrong = "with a wrong result"
        case changed = "with another result than a client got"
    }

    private let acknowledged: Int
    private let findings: [Finding: [String]]
    /// The number of tasks with more than one row of results.
    private let storedTwice: Int
    /// The number of tasks whose stored attempt overlapped with another attempt.
    private let overlapping: Int
    private let faults: FaultInjector
    private let ledger: Ledger

    /// Waits until the queue is empty, and then reads every acknowledged task.
    init(_ system: ChaosSystem, _ ledger: Ledger, _ faults: FaultInjector) throws {
        self.faults = faults
        self.ledger = ledger
        let all = Array(ledger.acknowledged)
        acknowledged = all.count
        let database = try eventually("the database answers", within: .seconds(60)) { try? system.database() }
        try? eventually("the queue is empty", within: .seconds(90)) {
            try database.execute("SELECT FROM task LIMIT 1").rowCount == 0
        }
        func count(_ query: String) throws -> Int { try database.execute(query).integer(0, 0) ?? 0 }
        storedTwice = try count(
            "SELECT count(*) FROM (SELECT id FROM finished_task GROUP BY id HAVING count(*) > 1) t")
        // All lost attempts of a task must have ended before the stored attempt began.
        overlapping = try count(
            """
            SELECT count(*) FROM finished_task f
            WHERE EXISTS (SELECT FROM unnest(history) h WHERE (h->>'ended_at')::timestamptz > f.started_at)
            """)
        let results = ledger.results
        let found = Monitor<[Finding: [String]]>([.changed: Array(ledger.contradictions)])
        let failure = Monitor<String?>(nil)
        let threads = (0..<4).map { number in
            NamedThread("check-\(number)") {
                let connection = system.connection()
                for index in stride(from: number, to: all.count, by: 4) {
                    let (id, expectation) = all[index]
                    do {
                        for (finding, text) in try Self.check(id, expectation, clientResult: results[id], connection) {
                            found.withLock { $0[finding, default: []].append(text) }
                        }
                    } catch {
                        failure.withLock { $0 = "\(error)" }
                        return
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        if let failure = failure.withLock({ $0 }) { throw TestFailure(failure) }
        findings = found.withLock { $0 }
    }

    private static func check(
        _ id: String, _ expectation: Ledger.Expectation, clientResult: String?, _ connection: HTTPConnection
    ) throws -> [(Finding, String)] {
        let reply = try eventually("GET /task/\(id) is answered", within: .seconds(60)) { () -> ClientResponse? in
            let reply = try? connection.request("GET", "/task/\(id)")
            return reply.flatMap { $0.status == 200 || $0.status == 404 ? $0 : nil }
        }
        guard reply.status == 200 else { return [(.missing, id)] }
        let task = try reply.json()
        guard task["status"] == "completed", let hash = task["result"]?["hash"]?.stringValue else {
            return [(.unfinished, "\(id) \(task["status"]?.stringValue ?? "?") \(task["error"]?.stringValue ?? "")")]
        }
        var findings: [(Finding, String)] = []
        if !expectation.isMet(by: hash) { findings.append((.wrong, id)) }
        if let clientResult, clientResult != hash { findings.append((.changed, id)) }
        return findings
    }

    /// Whether each acknowledged task has exactly one result, this result is correct, and no request failed while only
    /// nodes and workers were killed.
    var isGood: Bool {
        findings.values.allSatisfy(\.isEmpty) && storedTwice == 0 && overlapping == 0 && acknowledged > 0
            && ledger.failures(in: .killsOfNodesAndWorkers) == 0
    }

    func print() {
        for (fault, count) in faults.counts.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let times = faults.recoveries[fault] ?? []
            Swift.print(
                "\(count) × \(fault)" + (times.isEmpty ? "" : "; the next successful request after \(Self.text(times))")
            )
        }
        if !faults.requeues.isEmpty {
            Swift.print(
                "tasks of killed workers were requeued after \(Self.text(faults.requeues)); goal: p99 under 500 ms")
        }
        if !faults.requeuesAfterCut.isEmpty {
            Swift.print(
                "tasks of workers that stayed cut off were requeued after \(Self.text(faults.requeuesAfterCut))")
        }
        for (phase, name) in [
            (Ledger.Phase.killsOfNodesAndWorkers, "while only nodes and workers were killed (goal: none failed)"),
            (.allFaults, "during all kinds of faults"),
        ] {
            let outcomes = ledger.outcomes(in: phase)
            Swift.print("\(name): \(outcomes.values.reduce(0, +)) requests, \(ledger.failures(in: phase)) failed")
            for (outcome, count) in outcomes.sorted(by: { $0.key < $1.key }) { Swift.print("  \(count) × \(outcome)") }
        }
        let counts = Finding.allCases.map { "\(findings[$0]?.count ?? 0) \($0.rawValue)" }
        Swift.print(
            "\(acknowledged) tasks acknowledged: \(counts.joined(separator: ", ")), \(storedTwice) stored twice, "
                + "\(overlapping) stored by an attempt that overlapped with another")
        for finding in Finding.allCases {
            for line in (findings[finding] ?? []).prefix(20) { Swift.print("  \(finding.rawValue): \(line)") }
        }
        Swift.print(isGood ? "1 passed, 0 failed" : "0 passed, 1 failed")
    }

    private static func text(_ times: [Duration]) -> String {
        let times = times.sorted()
        func text(_ fraction: Double) -> String {
            let time = times[max(0, Int((fraction * Double(times.count)).rounded(.up)) - 1)]
            return "\(((time / .milliseconds(1)) * 10).rounded() / 10) ms"
        }
        return "\(text(0.5)) (p50), \(text(0.99)) (p99), \(text(1)) (max of \(times.count))"
    }
}
