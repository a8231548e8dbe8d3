package import Logging
internal import Threading

/// The connections of one process: never more than the limit, kept for the next use, tried again with patience.
package final class ConnectionPool: Sendable {
    private struct State {
        var idle: [PostgresConnection] = []
        /// Idle, lent and being opened.
        var count = 0
        var isClosed = false
    }

    private enum Slot {
        case idle(PostgresConnection)
        /// Room to open one more.
        case room
        case closed
    }

    private let configuration: PostgresConfiguration
    private let settings: [String]
    private let logger: Logger
    private let state = Monitor(State())

    /// - Parameter settings: run-time parameters of every session, as `name = value`.
    package init(_ configuration: PostgresConfiguration, settings: [String] = [], logger: Logger) {
        self.configuration = configuration
        self.settings = settings
        self.logger = logger
    }

    /// Runs `body` with a connection of this thread's own for that time.
    /// - Parameter patience: for a free connection, and for opening one with its retries.
    package func withConnection<Value>(
        patience: Duration, _ body: (PostgresConnection) throws -> Value
    ) throws -> Value {
        let connection = try borrow(patience: patience)
        defer { giveBack(connection) }
        return try body(connection)
    }

    /// Closes the idle connections now, and the lent ones when they come back.
    package func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        state.broadcast { $0.count -= idle.count }
    }

    private func borrow(patience: Duration) throws(PostgresError) -> PostgresConnection {
        let deadline = ContinuousClock.now + patience
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
                // One that the server closed meanwhile (a restart) is found out before it is lent.
                if connection.isServerThere { return connection }
                discard()
            case .room:
                do {
                    return try ConnectionAttempts(configuration, settings: settings, logger: logger)
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

/// Opens a connection, and tries again with growing pauses while the server is full, starting or gone.
package struct ConnectionAttempts {
    private let configuration: PostgresConfiguration
    private let settings: [String]
    private let logger: Logger

    package init(_ configuration: PostgresConfiguration, settings: [String] = [], logger: Logger) {
        self.configuration = configuration
        self.settings = settings
        self.logger = logger
    }

    /// - Parameter deadline: no pause goes beyond it.
    /// - Throws: the last attempt's error.
    package func connect(until deadline: ContinuousClock.Instant) throws(PostgresError) -> PostgresConnection {
        var backoff = Backoff(base: configuration.baseBackoff, cap: .seconds(30))
        var retries = 0
        while true {
            let start = ContinuousClock.now
            do {
                let connection = try PostgresConnection(configuration, settings: settings)
                DatabaseOutage.ended(configuration, logger: logger)
                return connection
            } catch {
                DatabaseOutage.noticed(configuration, error, since: start, logger: logger)
                let left = deadline - .now
                guard left > .zero, error.isConnectRetryable, retries < configuration.connectionRetries
                else { throw error }
                let pause = min(backoff.next(), left)
                retries += 1
                sleepCurrentThread(for: pause)
            }
        }
    }
}
