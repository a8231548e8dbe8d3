internal import FoundationEssentials
internal import Supervisor

/// Looks into a database from outside of what is tested, with psql.
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

    /// - Returns: the rows, one a line, columns separated by `|`.
    @discardableResult
    package func callAsFunction(_ statements: String) throws -> String {
        // In a file: an argument holds 128 KiB.
        let folder = TemporaryFolder()
        let file = try folder.write(statements, to: "statements.sql")
        let run = try Program(
            program, ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", connectionString, "-f", file])
        let exit = try run.waitForExit()
        guard exit.isSuccess else { throw NotInTime(description: "psql \(exit): \(run.standardError)") }
        return String(run.standardOutput.reversed().drop { $0 == "\n" }.reversed())
    }
}
