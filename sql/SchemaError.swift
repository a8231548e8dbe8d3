package import Postgres

package enum SchemaError: Error, CustomStringConvertible {
    case database(PostgresError)
    /// A step that was applied is not the one this program has.
    case changed(version: Int, name: String)
    /// The database has steps that this program does not know: it was migrated by a newer one.
    case newer(version: Int)
    /// Another session has kept its tables locked all the time.
    case locked(for: Duration)

    package var description: String {
        switch self {
        case .database(let error): "cannot migrate the database: \(error)"
        case .changed(let version, let name):
            "migration \(version) (\(name)) was applied in another form than this program has"
        case .locked(let time):
            "cannot migrate the database: other sessions have kept its tables locked for \(time.components.seconds) s "
                + "(pg_stat_activity shows them: a transaction that began long ago); the steps before are applied, "
                + "and the rest is when this is run again"
        case .newer(let version): "the database has migration \(version), which this program does not know"
        }
    }
}
