package import Logging
internal import Threading

/// The connections of one process. It opens at most ``PostgresConfiguration/connectionLimit`` connections and reuses
/// them.
package final class ConnectionPool: Sendable {
    private struct State {
        var idle: [PostgresConnection] = []
        /// The number of connections: idle ones, borrowed ones, and those that are being opened.
        var count = 0
        var isClosed = false
    }

    private enum Slot {
        case idle(PostgresConnection)
        /// The caller may open one more connection.
        case room
        case closed
    }

    private let configuration: PostgresConfiguration
    private let settings: [String]
    private let logger: Logger
    private let prepare: PreparationOfSession
    private let state = Monitor(State())

    /// - Parameters:
    ///   - settings: run-time parameters of each session, as `name = value`.
    ///   - prepare: called with each new connection. If it throws, the connection is closed.
    package init(
        _ configuration: PostgresConfiguration, settings: [String] = [], logger: Logger,
        prepare: @escaping PreparationOfSession = { (_) throws(PostgresError) in }
    ) {
        self.configuration = configuration
        self.settings = settings
        self.logger = logger
        self.prepare = prepare
    }

    /// Runs `body` with a connection that no other thread uses at the same time.
    /// - Parameter timeout: how long to wait for a free connection, or to try to open one.
    package func withConnection<Value>(
        timeout: Duration, _ body: (PostgresConnection) throws -> Value
    ) throws -> Value {
        let connection = try borrow(timeout: timeout)
        defer { giveBack(connection) }
        return try body(connection)
    }

    /// Closes the idle connections now, and the borrowed ones when they are returned.
    package func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        state.broadcast { $0.count -= idle.count }
    }

    private func borrow(timeout: Duration) throws(PostgresError) -> PostgresConnection {
        let deadline = ContinuousClock.now + timeout
        while true {
            let slot = state.wait(for: max(.zero, deadline - .now)) { state -> Slot? in
                if state.isClosed { return .closed }
                if let idle = state.idle.popLast() { return .idle(idle) }
                guard state.count < configuration.connectionLimit else { return nil }
                state.count += 1
                return .room
            }
            switch slot {
            case .idle(let connection):
                // The server may have closed the connection while it was idle, for example because the server was
                // restarted.
                if connection.checkServer() { return connection }
                discard()
            case .room:
                do {
                    return try ConnectionAttempts(configuration, settings: settings, logger: logger, prepare: prepare)
                        .connect(until: deadline)
                } catch {
                    discard()
                    throw error
                }
            case .closed:
                throw PostgresError(.poolExhausted, message: "the connection pool is closed")
            case nil:
                throw PostgresError(
                    .poolExhausted,
                    message: "all \(configuration.connectionLimit) connections to the database are busy")
            }
        }
    }

    private func giveBack(_ connection: PostgresConnection) {
        var isKept = false
        state.signal { state in
            isKept = connection.isUsable && !state.isClosed
            if isKept { state.idle.append(connection) } else { state.count -= 1 }
        }
    }

    private func discard() {
        state.signal { $0.count -= 1 }
    }
}
