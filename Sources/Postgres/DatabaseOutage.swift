package import Logging
internal import Threading

/// Whether the database is out of reach, as this process sees it.
///
/// A process has several sessions, and each of them notices for itself, attempt after attempt. The log says it once,
/// and once that it is over.
package enum DatabaseOutage {
    private struct State {
        var isUnderWay = false
        var lastSuccess: ContinuousClock.Instant?
    }

    /// By connection string: a process has one, but for tests.
    private static let states = Monitor<[String: State]>([:])

    /// A session could not be made.
    /// - Parameter start: of the attempt; one that began before the last success says nothing about now.
    package static func noticed(
        _ configuration: PostgresConfiguration, _ error: PostgresError, since start: ContinuousClock.Instant,
        logger: Logger
    ) {
        let isNews = states.withLock { states in
            var state = states[configuration.connectionString] ?? State()
            defer { states[configuration.connectionString] = state }
            if state.isUnderWay || state.lastSuccess.map({ $0 > start }) ?? false { return false }
            state.isUnderWay = true
            return true
        }
        if isNews { logger.error("The database is out of reach", metadata: ["error": "\(error)"]) }
    }

    /// A session was made.
    package static func ended(_ configuration: PostgresConfiguration, logger: Logger) {
        let isNews = states.withLock { states in
            let before = states.updateValue(State(lastSuccess: .now), forKey: configuration.connectionString)
            return before?.isUnderWay ?? false
        }
        if isNews { logger.notice("The database is back") }
    }
}
