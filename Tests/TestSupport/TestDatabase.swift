internal import Threading

/// A new database for one test, on the shared server or on another one.
package final class TestDatabase: Sendable {
    package let name: String
    package let cluster: TestCluster
    private static let count = Monitor(0)

    /// Creates an empty database whose owner is the role of ``connectionString``.
    package init(on cluster: TestCluster = .shared) throws {
        let number = Self.count.withLock { count in
            count += 1
            return count
        }
        name = "test_\(number)"
        self.cluster = cluster
        try cluster.sql("CREATE DATABASE \(name) OWNER millrace")
    }

    deinit { _ = try? cluster.sql("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }

    /// A connection string of libpq for an ordinary role.
    package var connectionString: String { cluster.connectionString(database: name) }

    /// A connection string of libpq for the superuser.
    package var superuserConnectionString: String { cluster.connectionString(database: name, user: "postgres") }

    /// Runs SQL as the superuser with psql, without the code under test.
    @discardableResult
    package func sql(_ statements: String) throws -> String { try cluster.sql(statements, database: name) }
}
