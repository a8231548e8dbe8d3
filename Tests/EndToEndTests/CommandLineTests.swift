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

    @Test func `help goes to standard output, and is no mistake`() throws {
        let program = try Program.millrace(["up", "--help"])
        #expect(try program.waitForExit() == .exited(code: 0))
        #expect(program.standardOutput.contains("USAGE: millrace up"))
        #expect(program.standardError.isEmpty)
    }
}
