import Postgres
import Settings

extension Settings {
    /// How this process reaches the database.
    /// - Parameter name: what `pg_stat_activity` shows.
    func postgres(applicationName name: String) throws(SettingsError) -> PostgresConfiguration {
        PostgresConfiguration(
            connectionString: try usableDatabaseAddress(), applicationName: name,
            connectionLimit: try value(Variables.connectionLimit),
            connectionRetries: try value(Variables.connectionRetries),
            baseBackoff: try value(Variables.baseBackoff))
    }

    private func usableDatabaseAddress() throws(SettingsError) -> String {
        let address = try requiredDatabaseAddress()
        try checkDatabase(address)
        return address
    }

    /// - Parameter option: the name of the option that the address came from.
    func checkDatabase(_ address: String, option: String? = nil) throws(SettingsError) {
        guard !PostgresConfiguration.isUsable(address) else { return }
        // What is wrong with it is not told: libpq would quote the part, which may be the password.
        throw SettingsError(
            Variables.databaseURL, option: option,
            "the value is no database URL (postgresql://user:password@host:port/name) and no libpq conninfo")
    }

    static let databaseEntries = [
        Variables.databaseURL.entry, Variables.databaseHost.entry, Variables.databasePort.entry,
        Variables.databaseName.entry, Variables.databaseUser.entry, Variables.databasePassword.entry,
        Variables.connectionRetries.entry, Variables.baseBackoff.entry, Variables.connectionLimit.entry,
    ]
    static let logEntries = [Variables.logLevel.entry, Variables.logFormat.entry]
}
