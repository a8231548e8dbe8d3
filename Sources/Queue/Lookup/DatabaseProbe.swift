internal import Logging
internal import Postgres
internal import Schema
internal import Threading

/// What a node can do with its database.
package enum DatabaseState: Sendable, Hashable {
    /// - Parameter note: what an administrator should know about the schema; `nil` if the schema is that of this
    ///   program.
    case up(note: String?)
    /// No server that takes writes can be reached.
    case down
    /// The schema is missing or older than this program.
    /// - Parameter advice: what is wrong with the schema, and what to do.
    case schemaUnfit(advice: String)
}

/// Reports what the database can be used for. It has its own thread and session, so that it waits neither for other
/// look-ups nor for a connection of the pool. One check answers all questions that were asked before it.
final class DatabaseProbe: Sendable {
    typealias Callback = @Sendable (DatabaseState) -> Void

    /// How long the answer to the check may take.
    private static let timeout = Duration.seconds(2)

    private let callbacks: Consumers<Callback>

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        callbacks = Consumers("queue-probe") { callbacks in
            var link = DatabaseLink(
                configuration.answered(within: Self.timeout), settings: SessionSettings.fixedPlans, logger: logger,
                checksSchema: false)
            callbacks.forEachBatch(BatchPace()) { batch in
                let state = Self.check(&link)
                for callback in batch { callback(state) }
            }
        }
    }

    /// - Parameter then: called once, on the probe's thread, and must return quickly.
    func ask(_ then: @escaping Callback) {
        if !callbacks.add(then) { then(.down) }
    }

    /// Answers all open questions, then ends the thread.
    func finish() { callbacks.finish() }

    /// Blocks for a few seconds at most. If the session was lost, a second attempt is made with a new one.
    private static func check(_ link: inout DatabaseLink) -> DatabaseState {
        for _ in 0..<2 {
            do {
                let connection = try link.connected(isUrgent: true)
                guard try connection.execute(LookUpSQL.isWritable.with()).bool(0, 0) == true else {
                    link.drop()
                    continue
                }
                let fit = try Schema.fit(connection)
                let advice = fit.advice ?? ""
                return fit.isUsable ? .up(note: fit.advice) : .schemaUnfit(advice: advice)
            } catch {
                link.dropIfLost(error)
                guard error.kind == .connectionLost || error.kind == .readOnly else { return .down }
            }
        }
        return .down
    }
}
