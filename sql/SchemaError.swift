package import Postgres

/// Why the database could not be migrated.
package enum SchemaError: Error, CustomStringConvertible {
    case database(PostgresError)
    /// The database has tables or other objects of another program, under names that Millrace needs. Nothing was
    /// changed.
    /// - Parameter reason: the server's message, which contains the name.
    case occupied(String)
    /// A migration that was applied differs from the one of this program.
    case changed(version: Int, name: String)
    /// The database has migrations that this program does not know: a newer program has migrated it.
    case newer(version: Int)
    /// Another session kept the tables locked until the timeout.
    case locked(for: Duration)

    package var description: String {
        switch self {
        case .database(let error): "cannot migrate the database: \(error)"
        case .occupied(let reason):
            "the database is used by another program (\(reason)): give Millrace a database of its own; nothing was changed"
        case .changed(let version, let name):
            "migration \(version) (\(name)), as it was applied, differs from the one in this program"
        case .locked(let time):
            "cannot migrate the database: other sessions kept its tables locked for \(time.components.seconds) s "
                + "(pg_stat_activity shows them: look for a transaction that began long ago); earlier migrations are "
                + "applied, and the rest will be when this is run again"
        case .newer(let version): "the database has migration \(version), which this program does not know"
        }
    }
}
