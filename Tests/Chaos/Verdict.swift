internal import COpenSSL
internal import Client
internal import Glibc
internal import JSON
internal import Postgres
internal import TestSupport

/// What came of it.
struct Verdict {
    private let acknowledged: Int
    private var missing: [String] = []
    private var unfinished: [String] = []
    private var wrong: [String] = []
    private let twice: Int
    private let faults: FaultInjector
    private let ledger: Ledger

    /// Waits until the system is idle, then asks it for every acknowledged task.
    init(_ system: ChaosSystem, _ ledger: Ledger, _ faults: FaultInjector) throws {
        self.faults = faults
        self.ledger = ledger
        let all = ledger.acknowledged
        acknowledged = all.count
        let database = try eventually("the database answers", within: .seconds(60)) { try? system.database() }
        try? eventually("the queue is empty", within: .seconds(90)) {
            try database.execute("SELECT FROM task LIMIT 1").rowCount == 0
        }
        twice =
            try database.execute(
                "SELECT count(*) FROM (SELECT id FROM finished_task GROUP BY id HAVING count(*) > 1) t"
            )
            .integer(0, 0) ?? 0
        let connection = system.connection()
        for (id, string) in all {
            let reply = try eventually("GET /task/\(id) is answered", within: .seconds(60)) { () -> ClientResponse? in
                let reply = try? connection.request("GET", "/task/\(id)")
                return reply.flatMap { $0.status == 200 || $0.status == 404 ? $0 : nil }
            }
            guard reply.status == 200 else {
                missing.append(id)
                continue
            }
            let task = try reply.json()
            if task["status"] != "completed" {
                unfinished.append("\(id) \(task["status"]?.stringValue ?? "?") \(task["error"]?.stringValue ?? "")")
            } else if task["result"]?["hash"]?.stringValue != Self.sha256(string) {
                wrong.append(id)
            }
        }
    }

    /// Nothing lost, nothing wrong, nothing twice.
    var isGood: Bool { missing.isEmpty && unfinished.isEmpty && wrong.isEmpty && twice == 0 && acknowledged > 0 }

    func print() {
        for (fault, count) in faults.counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            Swift.print("\(count) × \(fault.rawValue)")
        }
        let recoveries = faults.recoveries.sorted()
        if !recoveries.isEmpty {
            func rank(_ fraction: Double) -> Duration {
                recoveries[max(0, Int((fraction * Double(recoveries.count)).rounded(.up)) - 1)]
            }
            Swift.print(
                "tasks of \(recoveries.count) killed workers were given away after "
                    + "\(Self.text(rank(0.5))) (p50), \(Self.text(rank(0.99))) (p99), \(Self.text(recoveries.last!)) (most)"
            )
        }
        for (phase, name) in [
            (Ledger.Phase.onlyNodesAndWorkersKilled, "while only nodes and workers were killed"),
            (.everything, "while everything broke"),
        ] {
            let outcomes = ledger.outcomes(in: phase)
            let failed = outcomes.filter { !$0.key.hasPrefix("2") }.values.reduce(0, +)
            Swift.print("\(name): \(outcomes.values.reduce(0, +)) requests, \(failed) failed")
            for (outcome, count) in outcomes.sorted(by: { $0.key < $1.key }) { Swift.print("  \(count) × \(outcome)") }
        }
        Swift.print(
            "\(acknowledged) tasks acknowledged: \(missing.count) missing, \(unfinished.count) not completed, "
                + "\(wrong.count) with a wrong result, \(twice) stored twice")
        for line in (missing + unfinished + wrong).prefix(20) { Swift.print("  \(line)") }
        Swift.print(isGood ? "1 passed, 0 failed" : "0 passed, 1 failed")
    }

    private static func text(_ duration: Duration) -> String {
        "\(((duration / .milliseconds(1)) * 10).rounded() / 10) ms"
    }

    /// Not the code that is tested.
    private static func sha256(_ string: String) -> String {
        let bytes = Array(string.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(bytes, bytes.count, &digest)
        return digest.map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0\(text)" : text
        }.joined()
    }
}
