import Client
import JSON
import TestSupport
import Threading

/// The ids of the tasks that were accepted (status 202).
final class Accepted: Sendable {
    private let list = Monitor<[String]>([])

    func append(_ id: String) { list.withLock { $0.append(id) } }
    var ids: [String] { list.withLock { $0 } }
    var count: Int { list.withLock { $0.count } }
}

/// Clients that submit tasks all the time, whatever happens to the system.
final class BackgroundLoad: Sendable {
    private let threads: [NamedThread]
    private let isStopping = Monitor(false)
    private let statuses = Monitor<[Int: Int]>([:])

    init(_ system: RunningSystem, clients: Int, _ accepted: Accepted, type: String = "sha256") {
        let isStopping = isStopping
        let statuses = statuses
        threads = (0..<clients).map { client in
            NamedThread("load \(client)") {
                let connection = system.connection(timeout: .seconds(20))
                var number = 0
                while !isStopping.withLock({ $0 }) {
                    number += 1
                    let string = JSONValue.string("\(type) \(client) \(number) \(accepted.count)")
                    let response = connection.attempt(
                        "POST", "/tasks", json: ["type": .string(type), "input": ["string": string]])
                    statuses.withLock { $0[response?.status ?? 0, default: 0] += 1 }
                    if response?.status == 202,
                        let id = try? response?.json()["tasks"]?[0]?["task_id"]?.stringValue
                    {
                        accepted.append(id)
                    } else {
                        // Without a pause, a system that is down would get thousands of attempts per second.
                        _ = isStopping.wait(for: .milliseconds(5)) { $0 ? true : nil }
                    }
                }
            }
        }
    }

    /// The number of responses by status; the status 0 counts requests without a response.
    var counts: [Int: Int] { statuses.withLock { $0 } }

    func stop() {
        isStopping.broadcast { $0 = true }
        for thread in threads { thread.join() }
    }
}
