import Postgres
import Settings

extension Settings {
    /// How this process connects to the database.
    /// - Parameter name: the process's name in `pg_stat_activity`.
    func postgres(applicationName name: String) throws(SettingsError) -> PostgresConfiguration {
        PostgresConfiguration(
            connectionString: try usableDatabaseAddress(), applicationName: name,
            connectionLimit: try value(EnvironmentVariables.connectionLimit),
            connectionRetries: try value(EnvironmentVariables.connectionRetries),
            baseBackoff: try value(EnvironmentVariables.baseBackoff))
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
            EnvironmentVariables.databaseURL, option: option,
            "the value is neither a database URL (postgresql://user:password@host:port/name) nor a libpq conninfo "
                + "string")
    }

    static let databaseEntries = [
        EnvironmentVariables.databaseURL.entry, EnvironmentVariables.databaseHost.entry,
        EnvironmentVariables.databasePort.entry,
        EnvironmentVariables.databaseName.entry, EnvironmentVariables.databaseUser.entry,
        EnvironmentVariables.databasePassword.entry,
        EnvironmentVariables.connectionRetries.entry, EnvironmentVariables.baseBackoff.entry,
        EnvironmentVariables.connectionLimit.entry,
    ]
    static let logEntries = [EnvironmentVariables.logLevel.entry, EnvironmentVariables.logFormat.entry]
}
