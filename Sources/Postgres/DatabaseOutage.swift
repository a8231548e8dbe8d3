package import Logging
internal import Threading

/// Logs the beginning and the end of a database outage, once each per process.
///
/// A process has several sessions, and each of them notices an outage at each attempt to connect. Only the first notice
/// is logged. If a database can be reached but its schema does not fit, that counts as another kind of outage.
package enum DatabaseOutage {
    private struct State {
        /// The outage that is underway.
        var outage: Outage?
        var lastSuccess: ContinuousClock.Instant?
    }

    private enum Outage {
        case unreachable
        case schema
    }

    /// The state of each database, by connection string. Only tests use more than one.
    private static let states = Monitor<[String: State]>([:])

    /// A session could not be opened.
    /// - Parameter start: when the attempt began. An attempt that began before the last success says nothing about the
    ///   current state.
    package static func noticed(
        _ configuration: PostgresConfiguration, _ error: PostgresError, since start: ContinuousClock.Instant,
        logger: Logger
    ) {
        let outage = error.kind == .schema ? Outage.schema : .unreachable
        let isNews = states.withLock { states in
            var state = states[configuration.connectionString] ?? State()
            defer { states[configuration.connectionString] = state }
            if state.outage == outage || state.lastSuccess.map({ $0 > start }) ?? false { return false }
            state.outage = outage
            return true
        }
        guard isNews else { return }
        switch outage {
        case .unreachable: logger.error("The database is out of reach", metadata: ["error": "\(error)"])
        case .schema: logger.error("The schema of the database does not fit", metadata: ["error": "\(error)"])
        }
    }

    /// A session was opened.
    package static func ended(_ configuration: PostgresConfiguration, logger: Logger) {
        let isNews = states.withLock { states in
            let before = states.updateValue(State(lastSuccess: .now), forKey: configuration.connectionString)
            return before?.outage != nil
        }
        if isNews { logger.notice("The database is back") }
    }
}
