/// How to reach the database, for libpq.
extension Settings {
    /// `DATABASE_URL`, else what `DB_…` say; `nil` when neither `DATABASE_URL` nor `DB_HOST` nor `DB_NAME` is set.
    /// - Parameter option: the command line's `--database`.
    package func databaseAddress(option: String? = nil) throws(SettingsError) -> String? {
        if let url = try value(Variables.databaseURL, option: option, "--database") { return url }
        let host = try value(Variables.databaseHost)
        let name = try value(Variables.databaseName)
        guard host != nil || name != nil else { return nil }
        let members: [(String, String?)] = [
            ("host", host), ("port", "\(try value(Variables.databasePort))"), ("dbname", name),
            ("user", try value(Variables.databaseUser)), ("password", try value(Variables.databasePassword)),
        ]
        return members.compactMap { name, value in value.map { "\(name)=\(Self.quoted($0))" } }.joined(separator: " ")
    }

    /// The same where a database is needed.
    package func requiredDatabaseAddress(option: String? = nil) throws(SettingsError) -> String {
        if let address = try databaseAddress(option: option) { return address }
        throw SettingsError("DATABASE_URL: not set, nor DB_HOST and DB_NAME: which database?", .configuration)
    }

    /// A value as conninfo wants it (libpq documentation, 34.1.1.1).
    static func quoted(_ value: String) -> String {
        "'" + value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "'"
    }
}
