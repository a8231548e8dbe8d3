import Postgres
import Settings

extension Settings {
    /// How this process reaches the database.
    /// - Parameter name: what `pg_stat_activity` shows.
    func postgres(applicationName name: String) throws(SettingsError) -> PostgresConfiguration {
        PostgresConfiguration(
            connectionString: try requiredDatabaseAddress(), applicationName: name,
            connectionLimit: try value(Variables.connectionLimit),
            connectionRetries: try value(Variables.connectionRetries),
            baseBackoff: try value(Variables.baseBackoff))
    }

    static let databaseEntries = [
        Variables.databaseURL.entry, Variables.databaseHost.entry, Variables.databasePort.entry,
        Variables.databaseName.entry, Variables.databaseUser.entry, Variables.databasePassword.entry,
        Variables.connectionRetries.entry, Variables.baseBackoff.entry, Variables.connectionLimit.entry,
    ]
    static let logEntries = [Variables.logLevel.entry, Variables.logFormat.entry]
}
