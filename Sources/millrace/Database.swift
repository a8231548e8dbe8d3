import Postgres
import Settings

extension Settings {
    /// How this process connects to the database.
    /// - Parameter name: the process's name in `pg_stat_activity`.
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

    /// - Parameter option: the option that the address came from; `nil` if it came from the environment.
    func checkDatabase(_ address: String, option: String? = nil) throws(SettingsError) {
        guard !PostgresConfiguration.isUsable(address) else { return }
        // libpq's error message is not used: it quotes the malformed part, which may be the password.
        throw SettingsError(
            Variables.databaseURL, option: option,
            "the value is neither a database URL (postgresql://user:password@host:port/name) nor a libpq conninfo "
                + "string")
    }

    static let databaseEntries = [
        Variables.databaseURL.entry, Variables.databaseHost.entry, Variables.databasePort.entry,
        Variables.databaseName.entry, Variables.databaseUser.entry, Variables.databasePassword.entry,
        Variables.connectionRetries.entry, Variables.baseBackoff.entry, Variables.connectionLimit.entry,
    ]
    static let logEntries = [Variables.logLevel.entry, Variables.logFormat.entry]
}
