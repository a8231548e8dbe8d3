package import Postgres

/// The database schema of Millrace: the migrations in `migrations/`, embedded in the program.
package enum Schema {
    /// A migration that is released never changes; a later change is a new migration.
    private static let migrations = [
        Migration(version: 1, name: "queue", sql: PackageResources.v001_queue_sql),
        Migration(version: 2, name: "suspects", sql: PackageResources.v002_suspects_sql),
        Migration(version: 3, name: "attempts", sql: PackageResources.v003_attempts_sql),
        Migration(version: 4, name: "idempotency", sql: PackageResources.v004_idempotency_sql),
        Migration(version: 5, name: "sharers", sql: PackageResources.v005_sharers_sql),
        Migration(version: 6, name: "types", sql: PackageResources.v006_types_sql),
        Migration(version: 7, name: "retry", sql: PackageResources.v007_retry_sql),
        Migration(version: 8, name: "lists", sql: PackageResources.v008_lists_sql),
        Migration(version: 9, name: "input_digest", sql: PackageResources.v009_input_digest_sql),
        Migration(version: 10, name: "came_again", sql: PackageResources.v010_came_again_sql),
        Migration(version: 11, name: "fewer_indexes", sql: PackageResources.v011_fewer_indexes_sql),
        Migration(version: 12, name: "claimed_keys", sql: PackageResources.v012_claimed_keys_sql),
        Migration(version: 13, name: "retry_guesses", sql: PackageResources.v013_retry_guesses_sql),
        Migration(version: 14, name: "clients", sql: PackageResources.v014_clients_sql),
        Migration(version: 15, name: "fair_shares", sql: PackageResources.v015_fair_shares_sql),
    ]

    /// The version of this program's last migration.
    package static var newestVersion: Int { migrations.count }

    package struct Step: Sendable, Hashable {
        /// The number of the migration: 1, 2, 3 and so on.
        package let version: Int
        package let name: String
        /// When the migration was applied (RFC 3339); `nil` if it is not applied yet.
        package let appliedAt: String?
        /// Whether this program has the migration. If not, a newer program has applied it.
        package var isKnown = true
    }

    private struct Migration {
        let version: Int
        let name: String
        let sql: [UInt8]
    }

    /// Applies the missing migrations, each in a transaction of its own. Several hosts may call it at the same time:
    /// one of them migrates, and the others wait.
    ///
    /// To change a table, a migration needs a lock. The lock waits for every open transaction that has used the table
    /// (a dump, a forgotten session), and all later transactions wait for the lock. So a migration requests a lock for
    /// one second at a time, and other transactions continue between two requests. It holds a lock only until its own
    /// commit.
    /// - Parameter timeout: how long to try to get the locks.
    /// - Returns: the migrations applied by this call.
    package static func migrate(
        _ connection: PostgresConnection, timeout: Duration = .seconds(60)
    ) throws(SchemaError) -> [Step] {
        do {
            // Wait for other processes that migrate. The session holds this lock between two transactions as well, so
            // no other host requests table locks while `retrying` pauses. The pauses let other transactions continue.
            try connection.execute(
                text: "BEGIN; \(unlimited); SET LOCAL lock_timeout = 0; SELECT pg_advisory_lock(\(lock)); COMMIT")
            defer { _ = try? connection.execute(text: "SELECT pg_advisory_unlock(\(lock))") }
            let deadline = ContinuousClock.now + timeout
            let applied = try retrying(connection, until: deadline) { try check(connection) }
            for migration in migrations where applied[migration.version] == nil {
                try retrying(connection, until: deadline) { try apply(migration, connection) }
            }
            return try status(connection).filter { $0.isKnown && applied[$0.version] == nil }
        } catch let error as SchemaError {
            throw error
        } catch {
            let failure = error as! PostgresError
            throw failure.isBlocked ? .locked(for: timeout) : .database(failure)
        }
    }

    /// The key of the advisory lock of migrations.
    private static let lock = "hashtext('millrace migrate')"
    /// Switches the role's `statement_timeout` off, because building an index over many millions of tasks takes long.
    private static let unlimited = "SET LOCAL statement_timeout = 0"

    /// Runs a transaction. If it does not get its locks, it is run again until the deadline.
    private static func retrying<Value>(
        _ connection: PostgresConnection, until deadline: ContinuousClock.Instant, _ body: () throws -> Value
    ) throws -> Value {
        while true {
            do {
                try connection.execute(text: "BEGIN; \(unlimited); SET LOCAL lock_timeout = '1s'")
                let value = try body()
                try connection.execute(text: "COMMIT")
                return value
            } catch {
                try? connection.execute(text: "ROLLBACK")
                guard let failure = error as? PostgresError, failure.isBlocked, ContinuousClock.now < deadline
                else { throw error }
                try connection.execute(text: "BEGIN; \(unlimited); SELECT pg_sleep(0.5); COMMIT")
            }
        }
    }

    /// All migrations of this program, with the time at which each was applied, and then those that only the database
    /// knows.
    package static func status(_ connection: PostgresConnection) throws(SchemaError) -> [Step] {
        let applied: [Int: Applied]
        do {
            applied = try read(connection)
        } catch {
            throw .database(error)
        }
        let known = migrations.map { Step(version: $0.version, name: $0.name, appliedAt: applied[$0.version]?.at) }
        let versions = Set(migrations.map(\.version))
        return known
            + applied.filter { !versions.contains($0.key) }.sorted { $0.key < $1.key }.map { version, applied in
                Step(version: version, name: applied.name, appliedAt: applied.at, isKnown: false)
            }
    }

    /// How the schema of a database compares with the one of this program. Runs one statement, which the session keeps
    /// prepared.
    package static func fit(_ connection: PostgresConnection) throws(PostgresError) -> SchemaFit {
        do {
            let rows = try connection.execute(versions.with())
            let applied = (0..<rows.rowCount).compactMap { rows.integer($0, 0) }
            return SchemaFit(applied: Set(applied), newest: newestVersion)
        } catch {
            // undefined_table, undefined_column: there is no such table, or the table belongs to another program.
            guard error.sqlState == "42P01" || error.sqlState == "42703" else { throw error }
            return .missing
        }
    }

    private static let versions = PostgresStatement("schema_versions", "SELECT version FROM schema_migration")

    /// The table of the applied migrations. The first migration creates it, in its own transaction. So if this
    /// migration fails, nothing is left behind.
    private static func prepare(_ connection: PostgresConnection) throws {
        try connection.execute(
            text: """
                CREATE TABLE IF NOT EXISTS schema_migration (
                    version    int4 PRIMARY KEY,
                    name       text NOT NULL,
                    digest     bytea NOT NULL,  -- SHA-256 of the migration
                    applied_at timestamptz NOT NULL DEFAULT now()
                )
                """)
    }

    /// - Returns: the migrations that were applied before.
    /// - Throws: ``SchemaError`` if one of them is not a migration of this program.
    private static func check(_ connection: PostgresConnection) throws -> [Int: Applied] {
        let applied = try read(connection)
        if let newest = applied.keys.max(), newest > migrations.count { throw SchemaError.newer(version: newest) }
        for migration in migrations {
            guard let before = applied[migration.version] else { continue }
            guard try digest(migration, connection) == before.digest else {
                throw SchemaError.changed(version: migration.version, name: migration.name)
            }
        }
        return applied
    }

    private static func apply(_ migration: Migration, _ connection: PostgresConnection) throws {
        if migration.version == 1 { try prepare(connection) }
        do throws(PostgresError) {
            try connection.execute(text: String(decoding: migration.sql, as: UTF8.self))
        } catch {
            throw migration.version == 1 && error.isNameTaken ? SchemaError.occupied(error.message) : error
        }
        try connection.execute(
            "INSERT INTO schema_migration (version, name, digest) VALUES ($1, $2, sha256($3))",
            .int4(Int32(migration.version)), .text(migration.name), .bytea(migration.sql))
    }

    private static func digest(_ migration: Migration, _ connection: PostgresConnection) throws -> [UInt8]? {
        try connection.execute("SELECT sha256($1)", .bytea(migration.sql)).bytes(0, 0)
    }

    private struct Applied {
        let name: String
        let digest: [UInt8]
        let at: String
    }

    private static func read(_ connection: PostgresConnection) throws(PostgresError) -> [Int: Applied] {
        let table = try connection.execute("SELECT to_regclass('schema_migration') IS NOT NULL")
        guard table.bool(0, 0) == true else { return [:] }
        let rows = try connection.execute(
            """
            SELECT version, digest, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), name
            FROM schema_migration
            """)
        var applied: [Int: Applied] = [:]
        for row in 0..<rows.rowCount {
            guard let version = rows.integer(row, 0), let digest = rows.bytes(row, 1), let at = rows.text(row, 2),
                let name = rows.text(row, 3)
            else { continue }
            applied[version] = Applied(name: name, digest: digest, at: at)
        }
        return applied
    }
}

extension PostgresError {
    /// Another session holds a lock that is needed, or caused a deadlock.
    fileprivate var isBlocked: Bool { isLockTimeout || isTransactionRetryable }

    /// duplicate_table, duplicate_object, duplicate_function, unique_violation (of the catalog): something in the
    /// database has a name that a migration needs.
    fileprivate var isNameTaken: Bool {
        kind == .server && ["42P07", "42710", "42723", "23505"].contains(sqlState ?? "")
    }
}
