import Supervisor
import TestSupport
import Testing

/// A mistake on the command line, or in a variable, is one line that names it, and a code of sysexits.h.
struct CommandLineTests {
    static let mistakes: [(arguments: [String], line: String)] = [
        (["bogus"], "Unexpected argument 'bogus' (see millrace --help)"),
        (["up", "--bogus"], "Unknown option '--bogus' (see millrace up --help)"),
        (["up", "--api"], "Missing value for '--api <n>' (see millrace up --help)"),
        (["submit", "md5"], "Missing expected argument '<value>' (see millrace submit --help)"),
        (["task", "no id"], "\"no id\" is not a task's id (see millrace task --help)"),
        (["worker", "extra"], "Unexpected argument 'extra' (see millrace worker --help)"),
        (["balancer", "-x"], "Unknown option '-x' (see millrace balancer --help)"),
        (["balancer", "-s", "start"], "invalid option: \"-s start\" (stop, quit, reload or reopen)"),
    ]

    @Test(arguments: mistakes)
    func `a mistake on the command line is one line, and code 64`(arguments: [String], line: String) throws {
        let program = try Program.millrace(arguments)
        #expect(try program.waitForExit() == .exited(code: 64))
        #expect(program.standardError == "millrace: \(line)\n")
        #expect(program.standardOutput.isEmpty)
    }

    static let badDatabase =
        "the value is no database URL (postgresql://user:password@host:port/name) and no libpq conninfo"

    /// A worker would take it for a server that is out of reach, and try for ever.
    @Test(arguments: [["worker"], ["api"], ["migrate"], ["up", "--listen", "127.0.0.1:1"]])
    func `a malformed DATABASE_URL ends every command that reads it, and is not quoted`(arguments: [String]) throws {
        for value in ["postgresql://u:secret@host:port/name", "u:secret@host/name", "host=h password='secret"] {
            let program = try Program.millrace(
                arguments, environment: WholeSystem.quietEnvironment.merging(["DATABASE_URL": value]) { $1 })
            #expect(try program.waitForExit() == .exited(code: 78))
            #expect(program.standardError == "millrace: DATABASE_URL: \(Self.badDatabase)\n")
        }
    }

    @Test(arguments: ["", " ", "nothing", "postgresql://host:port/name"])
    func `a malformed --database is a mistake on the command line`(value: String) throws {
        let program = try Program.millrace(
            ["up", "--database", value], environment: WholeSystem.quietEnvironment)
        #expect(try program.waitForExit() == .exited(code: 64))
        #expect(program.standardError == "millrace: --database: \(Self.badDatabase)\n")
    }

    @Test func `help goes to standard output, and is no mistake`() throws {
        let program = try Program.millrace(["up", "--help"])
        #expect(try program.waitForExit() == .exited(code: 0))
        #expect(program.standardOutput.contains("USAGE: millrace up"))
        #expect(program.standardError.isEmpty)
    }
}
