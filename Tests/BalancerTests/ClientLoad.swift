import Synchronization
import TestSupport
import Threading

/// Clients that send POST requests to a harness without a pause. Each opens a new connection after
/// `requestsPerConnection` requests, or earlier if the balancer closes the connection.
final class ClientLoad: Sendable {
    private struct Contents {
        var answers = 0
        var failures: [String] = []
    }

    private let contents = Monitor(Contents())
    private let isStopping = Atomic<Bool>(false)
    private let threads = Mutex<[NamedThread]>([])

    init(_ harness: Harness, clients: Int = 4, requestsPerConnection: Int) {
        let started = (0..<clients).map { number in
            NamedThread("client-\(number)") { [self] in
                while !isStopping.load(ordering: .relaxed) {
                    do {
                        let client = try harness.client()
                        for _ in 0..<requestsPerConnection {
                            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                            let response = try client.response()
                            contents.broadcast { contents in
                                if response.status == 200 {
                                    contents.answers += 1
                                } else {
                                    contents.failures.append("\(response.status)")
                                }
                            }
                            if response.field("Connection") == "close" { break }
                        }
                    } catch {
                        contents.broadcast { $0.failures.append("\(error)") }
                    }
                }
            }
        }
        threads.withLock { $0 = started }
    }

    /// Waits until `count` more requests are answered.
    func waitForAnswers(_ count: Int) throws {
        let before = contents.withLock { $0.answers }
        guard contents.wait(for: .seconds(20), { $0.answers >= before + count ? () : nil }) != nil else {
            throw TestFailure("no \(count) more answers within 20 s")
        }
    }

    /// Ends the load.
    /// - Returns: for each failed request, its status (if not 200) or the error of its connection.
    func stop() -> [String] {
        isStopping.store(true, ordering: .relaxed)
        for thread in threads.withLock({ $0 }) { thread.join() }
        return contents.withLock { $0.failures }
    }
}
