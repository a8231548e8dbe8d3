internal import Logging
internal import Postgres
internal import Schema
internal import Threading

/// Checks that a new session can work with the schema of its database.
///
/// A process may start before the schema exists, or its program may be newer than the schema. In both cases, a session
/// cannot run the statements of the queue. So such a session counts as a failed attempt to connect, and the error says
/// what is wrong.
enum SchemaCheck {
    /// What to say if something is missing in a schema that seems to fit.
    static let generalAdvice = "the schema of the database does not fit this program: run millrace migrate"

    /// The advice in the last logged warning about a newer schema.
    private static let logged = Monitor("")

    static func check(_ connection: PostgresConnection, logger: Logger) throws(PostgresError) {
        let fit = try Schema.fit(connection)
        guard let advice = fit.advice else { return }
        guard fit.isUsable else { throw PostgresError(.schema, message: advice) }
        let isNews = logged.withLock { logged in
            defer { logged = advice }
            return logged != advice
        }
        if isNews { logger.warning("The schema is newer than this program", metadata: ["advice": "\(advice)"]) }
    }
}
