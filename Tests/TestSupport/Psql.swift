internal import FoundationEssentials
internal import Supervisor

/// Runs SQL with psql, so that a test sees the database without the code under test.
package struct Psql: Sendable {
    private let program: String
    private let connectionString: String

    /// - Parameter connectionString: for libpq.
    package init(_ connectionString: String) throws {
        let installation = try PostgresInstallation.find(
            searchPath: ProcessInfo.processInfo.environment["PATH"], version: nil)
        program = installation.programs + "/psql"
        self.connectionString = connectionString
    }

    /// - Returns: one line for each row, with `|` between the columns.
    @discardableResult
    package func callAsFunction(_ statements: String) throws -> String {
        // The statements go through a file, because Linux limits an argument to 128 KiB.
        let folder = TemporaryFolder()
        let file = try folder.write(statements, to: "statements.sql")
        let run = try Program(
            program, ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", connectionString, "-f", file])
        let exit = try run.waitForExit()
        guard exit.isSuccess else { throw TestFailure("psql \(exit): \(run.standardError)") }
        return String(run.standardOutput.reversed().drop { $0 == "\n" }.reversed())
    }
}
