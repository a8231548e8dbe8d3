internal import Threading

/// A fresh database on the shared server (or another), for one test.
package final class TestDatabase: Sendable {
    package let name: String
    package let cluster: TestCluster
    private static let count = Monitor(0)

    /// An empty database, owned by the role of ``connectionString``.
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

    /// For libpq, as an ordinary role.
    package var connectionString: String { cluster.connectionString(database: name) }

    /// For libpq, as the superuser.
    package var superuserConnectionString: String { cluster.connectionString(database: name, user: "postgres") }

    /// Runs SQL as the superuser, from outside of what is tested.
    @discardableResult
    package func sql(_ statements: String) throws -> String { try cluster.sql(statements, database: name) }
}
