import FoundationEssentials
import Supervisor
import TestSupport
import Testing

/// If there is a mistake on the command line or in an environment variable, the program writes one line that names the
/// option or the variable. Then it ends with an exit code of sysexits.h.
struct CommandLineTests {
    static let mistakes: [(arguments: [String], line: String)] = [
        (["bogus"], "Unexpected argument 'bogus' (see millrace --help)"),
        (["up", "--bogus"], "Unknown option '--bogus' (see millrace up --help)"),
        (["up", "--api"], "Missing value for '--api <n>' (see millrace up --help)"),
        (["submit", "md5"], "Missing expected argument '<value>' (see millrace submit --help)"),
        (["submit", "md5", "x", "--wait", "-1"], "--wait: \"-1\" is not a whole number from 0 to 60"),
        (["task", "no id"], "\"no id\" is not a task id (see millrace task --help)"),
        (["worker", "extra"], "Unexpected argument 'extra' (see millrace worker --help)"),
        (["balancer", "-x"], "Unknown option '-x' (see millrace balancer --help)"),
        (["balancer", "-s", "start"], "invalid option: \"-s start\" (stop, quit, reload or reopen)"),
    ]

    @Test(arguments: mistakes)
    func `a mistake on the command line is one line and exit code 64`(arguments: [String], line: String) throws {
        let program = try Program.millrace(arguments)
        #expect(try program.waitForExit() == .exited(code: 64))
        #expect(program.standardError == "millrace: \(line)\n")
        #expect(program.standardOutput.isEmpty)
    }

    static let badDatabase =
        "the value is neither a database URL (postgresql://user:password@host:port/name) nor a libpq conninfo string"

    /// Without this check, a worker would treat a malformed value like a database that cannot be reached, and retry for
    /// ever.
    @Test(arguments: [["worker"], ["api"], ["migrate"], ["up", "--listen", "127.0.0.1:1"]])
    func `a malformed DATABASE_URL ends every command that reads it, and the error does not show the value`(
        arguments: [String]
    ) throws {
        for value in ["postgresql://u:secret@host:port/name", "u:secret@host/name", "host=h password='secret"] {
            let program = try Program.millrace(
                arguments, environment: RunningSystem.quietEnvironment.merging(["DATABASE_URL": value]) { $1 })
            #expect(try program.waitForExit() == .exited(code: 78))
            #expect(program.standardError == "millrace: DATABASE_URL: \(Self.badDatabase)\n")
        }
    }

    @Test(arguments: ["", " ", "nothing", "postgresql://host:port/name"])
    func `a malformed --database is a mistake on the command line with exit code 64`(value: String) throws {
        let program = try Program.millrace(
            ["up", "--database", value], environment: RunningSystem.quietEnvironment)
        #expect(try program.waitForExit() == .exited(code: 64))
        #expect(program.standardError == "millrace: --database: \(Self.badDatabase)\n")
    }

    static let badVariables: [(arguments: [String], name: String, value: String, reason: String)] = [
        (["balancer"], "MILLRACE_TRUSTED_PROXIES", "10.0.0.0/99", "\"10.0.0.0/99\" is not an address or a network"),
        (["up"], "MILLRACE_TRUSTED_PROXIES", "::1,proxy", "\"proxy\" is not an address or a network"),
        (["balancer"], "MILLRACE_LISTEN", "127.0.0.1:x", "\"127.0.0.1:x\" is not an address to listen on"),
        (["up"], "MILLRACE_LISTEN", "8000;}", "\"8000;}\" is not an address to listen on"),
        (["balancer"], "MILLRACE_LISTEN", "8000 8000", "a duplicate listen 0.0.0.0:8000"),
        (["up"], "MILLRACE_LISTEN", "no.such.host.invalid:8000", "host not found: \"no.such.host.invalid\""),
        (["balancer"], "MILLRACE_UPSTREAM", "unix:", "\"unix:\" is not a node's address"),
        (["balancer"], "MILLRACE_ACCESS_LOG", "a b", "\"a b\" is not a file"),
        (["balancer"], "MILLRACE_DIRECTIVES", "bogus on;", "unknown directive \"bogus\""),
        (["up"], "MILLRACE_WORKER_METRICS", "9100", "\"9100\" is not host:port"),
        (["worker"], "MILLRACE_WORKER_METRICS", "127.0.0.1:x", "\"127.0.0.1:x\" is not host:port"),
        (["up"], "MILLRACE_WORKER_METRICS", "127.0.0.1:65535", "each worker uses the next port"),
        (["api"], "MILLRACE_API_LISTEN", "9000", "\"9000\" is not unix:/path, host:port or fd:0"),
        (["api"], "FCGI_WEB_SERVER_ADDRS", "10.0.0.1, proxy", "\"proxy\" is not an address"),
        (["stats"], "MILLRACE_URL", "localhost:8000", "localhost:8000 is not a server's URL"),
    ]

    @Test(arguments: badVariables)
    func `an invalid variable is reported before anything starts, with exit code 78`(
        arguments: [String], name: String, value: String, reason: String
    ) throws {
        let database = ["DATABASE_URL": "host=/nowhere dbname=x"]
        let program = try Program.millrace(
            arguments,
            environment: RunningSystem.quietEnvironment.merging(database) { $1 }.merging([name: value]) { $1 })
        #expect(try program.waitForExit() == .exited(code: 78))
        #expect(program.standardError.hasPrefix("millrace: \(name): \(reason)"), "\(program.standardError)")
        #expect(program.standardError.split(separator: "\n").count == 1)
    }

    @Test func `a worker without a name gets the name of its host`() throws {
        let program = try Program.millrace(
            ["worker"],
            environment: ["DATABASE_URL": "host=/nowhere dbname=x", "WORKER_NAME": "", "MILLRACE_LOG_FORMAT": "json"])
        let host = try String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)
        let name = host.split { $0 == "." || $0.isNewline }[0]
        try program.waitForText("\"component\":\"worker-\(name)\"")
    }

    @Test func `help goes to standard output with exit code 0`() throws {
        let program = try Program.millrace(["up", "--help"])
        #expect(try program.waitForExit() == .exited(code: 0))
        #expect(program.standardOutput.contains("USAGE: millrace up"))
        #expect(program.standardError.isEmpty)
    }
}
