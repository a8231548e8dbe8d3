internal import Logging
internal import Threading

/// A node's copy of the clients and their keys. With this copy, a node checks a key without a statement.
///
/// A thread reads the clients again after each notification of a change. It also does so after the listener has
/// reconnected, because notifications are lost together with a session.
package final class ClientDirectory: Sendable {
    package enum Match: Sendable, Hashable {
        case client(Client)
        /// No client has this key.
        case unknown
        /// The clients have not been read yet, because the database is out of reach.
        case unavailable
    }

    private struct State {
        /// The clients by the digests of their keys; `nil` until they are read for the first time.
        var clients: [[UInt8]: Client]?
        var isOutdated = true
        var isStopping = false
    }

    private let state = Monitor(State())
    private let thread = Monitor<NamedThread?>(nil)

    /// The pause after an attempt to read the clients has failed.
    private static let retryPause = Duration.milliseconds(500)

    /// - Parameter read: reads the clients; blocks for a few seconds at most.
    init(logger: Logger, read: @escaping @Sendable () throws(QueueError) -> [[UInt8]: Client]) {
        let state = state
        let thread = NamedThread("queue-clients") {
            while true {
                let mayRead = state.wait { state -> Bool? in
                    if state.isStopping { return false }
                    guard state.isOutdated else { return nil }
                    state.isOutdated = false
                    return true
                }
                guard mayRead else { return }
                do throws(QueueError) {
                    let clients = try read()
                    state.broadcast { $0.clients = clients }
                } catch {
                    logger.debug("The clients could not be read", metadata: ["error": "\(error)"])
                    _ = state.wait(for: Self.retryPause) { $0.isStopping ? true : nil }
                    state.withLock { $0.isOutdated = true }
                }
            }
        }
        self.thread.withLock { $0 = thread }
    }

    /// - Parameter timeout: how long to wait if the clients have not been read yet.
    package func match(_ key: ClientKey, timeout: Duration = .zero) -> Match {
        let digest = key.digest
        let clients = state.withLock { $0.clients } ?? state.wait(for: timeout) { $0.clients }
        guard let clients else { return .unavailable }
        return clients[digest].map { .client($0) } ?? .unknown
    }

    /// Makes the thread read the clients again.
    func reload() { state.broadcast { $0.isOutdated = true } }

    /// Ends the thread. A second call does nothing.
    func finish() {
        state.broadcast { $0.isStopping = true }
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }
}
