package import Postgres

/// The database schema of Millrace: the steps in `migrations/`, embedded in the program.
package enum Schema {
    package struct Step: Sendable, Hashable {
        /// 1, 2, 3 …
        package let version: Int
        package let name: String
        /// `nil`: not applied yet. RFC 3339.
        package let appliedAt: String?
    }

    /// Applies the steps that are missing, in one transaction each. Safe from many hosts at once: the others wait.
    /// - Returns: the steps applied by this call.
    package static func migrate(_ connection: PostgresConnection) throws(SchemaError) -> [Step] { fatalError() }

    /// Every step of this program, with the time it was applied.
    package static func status(_ connection: PostgresConnection) throws(SchemaError) -> [Step] { fatalError() }
}
