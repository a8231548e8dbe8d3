import JSON
import Supervisor
import TestSupport
import Testing

/// `millrace submit`, `task` and `stats`.
struct ClientCommandTests {
    private func run(_ arguments: [String]) throws -> (exit: String, output: String, error: String) {
        let url = try RunningSystem.shared.get().url
        let program = try Program.millrace(arguments, environment: ["MILLRACE_URL": url])
        return ("\(try program.waitForExit())", program.standardOutput, program.standardError)
    }

    @Test func `submit prints the result as text and as JSON`() throws {
        let shown = try run(["submit", "md5", "abc"])
        #expect(shown.output.contains("900150983cd24fb0d6963f7d28e17f72"))
        let json = try run(["submit", "primes", "100", "--json"])
        #expect(try JSONValue(parsing: Array(json.output.utf8))["result"]?["count"] == 25)
    }

    @Test func `task prints the state of a task`() throws {
        let submitted = try run(["submit", "sha256", "by hand", "--wait", "0", "--json"])
        let id = try #require(
            try JSONValue(parsing: Array(submitted.output.utf8))["task_id"]?.stringValue)
        let shown = try run(["task", id, "--wait"])
        #expect(shown.output.contains("completed"))
        #expect(shown.output.contains(id))
    }

    @Test func `an error of the server is one line and exit code 1`() throws {
        let refused = try run(["submit", "nothing", "abc"])
        #expect(refused.exit == "ended with code 1")
        #expect(refused.error.hasPrefix("millrace: the server refused the request (4"))
        #expect(refused.error.split(separator: "\n").count == 1)
    }

    @Test func `stats prints figures of the balancer and the cache`() throws {
        let shown = try run(["stats"])
        #expect(shown.output.contains("balancer.requests_total"))
        #expect(shown.output.contains("cache.hit_rate"))
    }

    @Test func `output that cannot be written is an error with exit code 74`() throws {
        let url = try RunningSystem.shared.get().url
        let program = try Program(
            "/bin/sh", ["-c", "exec \(builtExecutable("millrace")) stats > /dev/full"],
            environment: ["MILLRACE_URL": url])
        #expect(try program.waitForExit() == .exited(code: 74))
        #expect(program.standardError == "millrace: cannot write the output: No space left on device\n")
    }

    @Test func `a server that cannot be reached is one line and exit code 1`() throws {
        let program = try Program.millrace(["stats", "--url", "http://127.0.0.1:\(freePort())"])
        #expect(try program.waitForExit() == .exited(code: 1))
        #expect(program.standardError.split(separator: "\n").count == 1)
    }
}
