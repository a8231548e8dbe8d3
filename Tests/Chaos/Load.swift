internal import Client
internal import JSON
internal import Threading

/// Clients that hand in distinct work at a steady rate, whatever happens; some of it waits for the result in the call.
final class Load: Sendable {
    private let isStopping = Monitor(false)
    private let threads: [NamedThread]

    init(_ system: ChaosSystem, clients: Int, rate: Int, _ ledger: Ledger) {
        let isStopping = isStopping
        let interval = Duration.seconds(1) * clients / rate
        threads = (0..<clients).map { client in
            NamedThread("load-\(client)") {
                let connection = system.connection()
                var number = 0
                var next = ContinuousClock.now
                while isStopping.wait(for: max(.zero, next - .now), { $0 ? true : nil }) == nil {
                    next = max(next + interval, .now - .seconds(1))
                    number += 1
                    let string = "chaos \(client) \(number)"
                    let phase = ledger.phase
                    let target = number % 4 == 0 ? "/hash/sha256?wait=20" : "/hash/sha256"
                    do {
                        let response = try connection.request("POST", target, json: ["string": .string(string)])
                        ledger.count("\(response.status)", in: phase)
                        guard response.status / 100 == 2, let id = try response.json()["task_id"]?.stringValue
                        else { continue }
                        ledger.acknowledge(id, string: string)
                    } catch {
                        ledger.count("\(error)", in: phase)
                    }
                }
            }
        }
    }

    func stop() {
        isStopping.broadcast { $0 = true }
        for thread in threads { thread.join() }
    }
}
