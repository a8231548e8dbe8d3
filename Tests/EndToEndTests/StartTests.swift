import Client
import Glibc
import JSON
import Supervisor
import TestSupport
import Testing
import Threading

/// Starts of `millrace up`. A start that fails leaves no process.
@Suite(.serialized)
struct StartTests {
    private func up(
        _ arguments: [String], folder: TemporaryFolder, environment: [String: String] = [:]
    ) throws -> Program {
        try Program.millrace(
            ["up", "--data", folder.file("data")] + arguments,
            environment: RunningSystem.quietEnvironment.merging(environment) { $1 }, folder: folder.path)
    }

    private func expectNothingLeft(of folder: TemporaryFolder) throws {
        try eventually("no process of \(folder.path) is left", within: .seconds(20)) {
            !RunningProcess.all.contains { process in
                process.arguments.contains { $0.hasPrefix(folder.path) }
            }
        }
    }

    @Test func `a port that is in use is reported, and no process is left`() throws {
        let folder = TemporaryFolder()
        let taken = OccupiedPort()
        let port = taken.port
        let program = try up(["--listen", "127.0.0.1:\(port)"], folder: folder)
        #expect(try program.waitForExit() == .exited(code: 1))
        #expect(program.standardError.contains("127.0.0.1:\(port)"))
        #expect(program.standardError.contains("Address already in use"))
        try expectNothingLeft(of: folder)
        withExtendedLifetime(taken) {}
    }

    @Test func `a second up with the same folder names the process that uses it, and the first continues`() throws {
        let system = try RunningSystem(nodes: 1, workers: 1)
        let second = try Program.millrace(
            ["up", "--data", system.data, "--listen", "127.0.0.1:\(freePort())"],
            environment: RunningSystem.quietEnvironment)
        #expect(try second.waitForExit() == .exited(code: 1))
        #expect(second.standardError.contains("is in use by process \(system.program.process.pid)"))
        #expect(try system.connection().request("GET", "/health").status == 200)
        #expect(try system.stop() == .exited(code: 0))
    }

    @Test(arguments: [
        (["--api", "0"], "--api: \"0\" is not a whole number from 1 to 64", 64),
        (["--listen", "nowhere:x"], "--listen: \"nowhere:x\" is not an address", 64),
    ])
    func `an invalid option ends the start with one line`(arguments: [String], message: String, code: CInt)
        throws
    {
        let folder = TemporaryFolder()
        let program = try up(arguments, folder: folder)
        #expect(try program.waitForExit() == .exited(code: code))
        #expect(program.standardError.contains(message))
        #expect(program.standardError.split(separator: "\n").count == 1)
    }

    @Test func `an invalid value in the .env file ends the start`() throws {
        let folder = TemporaryFolder()
        try folder.write("# settings\nMILLRACE_WORKERS=some\n", to: ".env")
        let program = try up([], folder: folder)
        #expect(try program.waitForExit() == .exited(code: 78))
        #expect(
            program.standardError
                == "millrace: MILLRACE_WORKERS: \"some\" is not a whole number from 0 to 64\n")
    }

    @Test func `an invalid variable that only a child reads is reported before anything starts`() throws {
        let folder = TemporaryFolder()
        let program = try up([], folder: folder, environment: ["LB_STRATEGY": "random"])
        #expect(try program.waitForExit() == .exited(code: 78))
        #expect(
            program.standardError
                == "millrace: LB_STRATEGY: \"random\" is not one of round-robin, least-connections\n")
        #expect(!Folder.isFolder(folder.file("data")))
    }

    @Test func `a database that cannot be reached is an error, and no process is left`() throws {
        let folder = TemporaryFolder()
        let program = try up(
            ["--listen", "127.0.0.1:\(freePort())", "--database", "host=\(folder.path) dbname=x"],
            folder: folder,
            environment: ["DB_CONNECTION_RETRIES": "1"])
        #expect(try program.waitForExit() == .exited(code: 1))
        #expect(program.standardError.contains("the database migration failed"))
        try expectNothingLeft(of: folder)
    }

    @Test func `with --database, millrace up starts no PostgreSQL`() throws {
        let database = try TestDatabase()
        let system = try RunningSystem(
            nodes: 1, workers: 1, arguments: ["--database", database.connectionString])
        #expect(system.children("postgres").isEmpty)
        let connection = system.connection()
        let task = try connection.finished(try connection.submit("sha256", ["string": "elsewhere"]))
        #expect(task["status"] == "completed")
        #expect(try system.stop() == .exited(code: 0))
    }

    @Test func `millrace up can listen on a unix socket only`() throws {
        let folder = TemporaryFolder()
        let socket = folder.file("s")
        let program = try up(["--listen", "unix:\(socket)", "--api", "1", "--workers", "1"], folder: folder)
        try program.waitForText("Millrace is ready on unix:\(socket)", within: .seconds(90))
        let call = try Program.millrace(["submit", "md5", "abc", "--url", "unix:\(socket)"])
        #expect(try call.waitForExit() == .exited(code: 0))
        program.process.signal(SIGTERM)
        #expect(try program.waitForExit() == .exited(code: 0))
        try expectNothingLeft(of: folder)
    }

    @Test(.enabled(if: Account.isRoot && Account(named: "nobody") != nil))
    func `millrace up works for an ordinary user`() throws {
        let account = try #require(Account(named: "nobody"))
        let folder = TemporaryFolder()
        let home = folder.file("home")
        try Folder.make(home, mode: 0o700)
        #expect(chown(home, account.user, account.group) == 0)
        // Other users may have no access to the build folder, so `nobody` gets a copy of the program.
        let copy = folder.file("millrace")
        let copying = try Program("/bin/cp", [builtExecutable("millrace"), copy])
        #expect(try copying.waitForExit().isSuccess)
        let port = freePort()
        let program = try Program(
            copy, ["up", "--listen", "127.0.0.1:\(port)", "--api", "1", "--workers", "1"],
            environment: RunningSystem.quietEnvironment.merging(["HOME": home]) { $1 }, account: account,
            folder: home)
        try program.waitForText("Millrace is ready", within: .seconds(90))
        program.process.signal(SIGINT)
        #expect(try program.waitForExit() == .exited(code: 0))
        #expect(Folder.isFolder(home + "/.millrace/postgres"))
        try expectNothingLeft(of: folder)
    }

    @Test func `a start that is killed leaves no process, and the next start works`() throws {
        let folder = TemporaryFolder()
        let port = freePort()
        let arguments = ["--listen", "127.0.0.1:\(port)", "--api", "1", "--workers", "1"]
        // Kill the start after different times, in milliseconds.
        for delay in [50, 400, 1500] {
            let program = try up(arguments, folder: folder)
            sleepCurrentThread(for: .milliseconds(delay))
            program.process.signal(SIGKILL)
            _ = try program.waitForExit()
        }
        try expectNothingLeft(of: folder)
        let program = try up(arguments, folder: folder)
        try program.waitForText("Millrace is ready", within: .seconds(90))
        program.process.signal(SIGTERM)
        #expect(try program.waitForExit() == .exited(code: 0))
        try expectNothingLeft(of: folder)
    }
}
