internal import Client
internal import JSON
internal import Threading

/// Clients that submit tasks at a steady rate, whatever happens to the system. A request has one task or an array of
/// tasks. For some tasks, the client waits for the result, in the same call or in a later one.
final class ChaosLoad: Sendable {
    private let isStopping = Monitor(false)
    private let threads: [NamedThread]

    init(_ system: ChaosSystem, clients: Int, rate: Int, _ ledger: Ledger) {
        let isStopping = isStopping
        let interval = Duration.seconds(1) * clients / rate
        threads = (0..<clients).map { client in
            NamedThread("load-\(client)") {
                var loader = Loader(connection: system.connection(), client: client, ledger: ledger)
                var next = ContinuousClock.now
                while isStopping.wait(for: max(.zero, next - .now), { $0 ? true : nil }) == nil {
                    next = max(next + interval, .now - .seconds(1))
                    loader.submit()
                }
            }
        }
    }

    func stop() {
        isStopping.broadcast { $0 = true }
        for thread in threads { thread.join() }
    }
}

private struct Loader {
    /// How long a request waits for a result, in seconds. Shorter than the connection's timeout.
    private static let wait = 20

    let connection: HTTPConnection
    let client: Int
    let ledger: Ledger
    private var number = 0

    init(connection: HTTPConnection, client: Int, ledger: Ledger) {
        self.connection = connection
        self.client = client
        self.ledger = ledger
    }

    mutating func submit() {
        number += 1
        switch number % 8 {
        case 0: submitAndWait()
        case 1: submitThree()
        case 2: submitPassword()
        case 3: if let id = submitOne() { waitFor(id) }
        default: _ = submitOne()
        }
    }

    private func text(_ part: Int = 0) -> String { "chaos \(client) \(number) \(part)" }

    /// Sends a request, and records its outcome.
    /// - Returns: the body of the response, if the request has succeeded.
    private func ask(
        _ method: String, _ target: String, _ json: JSONValue? = nil, isGood: (Int, JSONValue, Duration) -> Bool
    ) -> JSONValue? {
        let phase = ledger.phase
        let start = ContinuousClock.now
        do {
            let response =
                try json.map { (json) throws(ClientError) in try connection.request(method, target, json: json) }
                ?? connection.request(method, target)
            let body = (try? response.json()) ?? .null
            let isGood = response.status / 100 == 2 && isGood(response.status, body, .now - start)
            ledger.count("\(method) \(response.status)", in: phase, isGood: isGood, start: start)
            return isGood ? body : nil
        } catch {
            ledger.count("\(method) \(error)", in: phase, isGood: false, start: start)
            return nil
        }
    }

    private func submitOne() -> String? {
        let reply = ask("POST", "/hash/sha256", ["string": .string(text())]) { _, body, _ in
            body["task_id"]?.stringValue != nil
        }
        let id = reply?["task_id"]?.stringValue
        if let id { ledger.acknowledge(id, .sha256(of: text())) }
        return id
    }

    private func submitAndWait() {
        let reply = ask("POST", "/hash/sha256?wait=\(Self.wait)", ["string": .string(text())]) { status, body, time in
            body["task_id"]?.stringValue != nil && (status == 200 || Self.isOver(time))
        }
        guard let reply, let id = reply["task_id"]?.stringValue else { return }
        ledger.acknowledge(id, .sha256(of: text()))
        if let hash = reply["result"]?["hash"]?.stringValue { ledger.record(id, hash: hash) }
    }

    private func submitThree() {
        let tasks = (0..<3).map { part -> JSONValue in
            ["type": "sha256", "input": ["string": .string(text(part))], "priority": .integer(Int64(part))]
        }
        let reply = ask("POST", "/tasks", .array(tasks)) { _, body, _ in body["tasks"]?.arrayValue?.count == 3 }
        for (part, task) in (reply?["tasks"]?.arrayValue ?? []).enumerated() {
            if let id = task["task_id"]?.stringValue { ledger.acknowledge(id, .sha256(of: text(part))) }
        }
    }

    /// Submits a task that takes some milliseconds. The result has a random salt, so it shows which attempt wrote it.
    private func submitPassword() {
        let input: JSONValue = [
            "string": .string(text()), "time_cost": 2, "memory_cost": 4096, "parallelism": 1,
        ]
        let reply = ask("POST", "/hash/argon2", input) { _, body, _ in body["task_id"]?.stringValue != nil }
        guard let id = reply?["task_id"]?.stringValue else { return }
        ledger.acknowledge(id, .argon2(of: text()))
        waitFor(id)
    }

    private func waitFor(_ id: String) {
        let reply = ask("GET", "/task/\(id)?wait=\(Self.wait)") { _, body, time in
            body["status"] == "completed" || Self.isOver(time)
        }
        if let hash = reply?["result"]?["hash"]?.stringValue { ledger.record(id, hash: hash) }
    }

    /// Whether a request has waited for the full time ``wait``.
    private static func isOver(_ time: Duration) -> Bool { time > .seconds(wait) - .milliseconds(500) }
}
