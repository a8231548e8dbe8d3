/// The connection string of the database, for libpq.
extension Settings {
    /// The value of `DATABASE_URL`; if it is not set, a string made from the `DB_…` variables. `nil` if none of
    /// `DATABASE_URL`, `DB_HOST` and `DB_NAME` is set.
    /// - Parameter option: the value of `--database`.
    package func databaseAddress(option: String? = nil) throws(SettingsError) -> String? {
        if let url = try value(EnvironmentVariables.databaseURL, option: option, "--database") { return url }
        let host = try value(EnvironmentVariables.databaseHost)
        let name = try value(EnvironmentVariables.databaseName)
        guard host != nil || name != nil else { return nil }
        let members: [(String, String?)] = [
            ("host", host), ("port", "\(try value(EnvironmentVariables.databasePort))"), ("dbname", name),
            ("user", try value(EnvironmentVariables.databaseUser)),
            ("password", try value(EnvironmentVariables.databasePassword)),
        ]
        return members.compactMap { name, value in value.map { "\(name)=\(Self.quoted($0))" } }.joined(separator: " ")
    }

    /// Like ``databaseAddress(option:)``, but throws if no database is configured.
    package func requiredDatabaseAddress(option: String? = nil) throws(SettingsError) -> String {
        if let address = try databaseAddress(option: option) { return address }
        throw SettingsError(
            "DATABASE_URL: no database is configured; set DATABASE_URL, or DB_HOST and DB_NAME", .configuration)
    }

    /// The value in quotes for a conninfo string (libpq documentation, section 34.1.1.1).
    static func quoted(_ value: String) -> String {
        "'" + value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "'"
    }
}
