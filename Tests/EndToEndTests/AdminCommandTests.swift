import JSON
import TestSupport
import Testing

/// `millrace cache`, `lb` and `types`.
@Suite(.serialized)
struct AdminCommandTests {
    private struct Outcome {
        let exit: String
        let output: String
        let error: String

        var json: JSONValue? { try? JSONValue(parsing: Array(output.utf8)) }
    }

    /// Runs a command that calls the shared system.
    private func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        let system = try RunningSystem.shared.get()
        let values = ["MILLRACE_URL": system.url, "MILLRACE_ADMIN_TOKEN": "", "MILLRACE_DATA": system.data]
        let program = try Program.millrace(arguments, environment: values.merging(environment) { $1 })
        return Outcome(
            exit: "\(try program.waitForExit())", output: program.standardOutput, error: program.standardError)
    }

    @Test func `cache clear finds the token in the data folder`() throws {
        let shown = try run(["cache", "clear"])
        #expect(shown.output.hasPrefix("removed ") && shown.output.hasSuffix(" results from the cache\n"))
        #expect(try run(["cache", "clear", "--json"]).json?["message"] == "Cache cleared successfully")
        let system = try RunningSystem.shared.get()
        let named = try run(["cache", "clear", "--data", system.data], environment: ["MILLRACE_DATA": ""])
        #expect(named.exit == shown.exit)
        let token = try system.adminHeader().1.dropFirst("Bearer ".count)
        let given = try run(
            ["cache", "clear"], environment: ["MILLRACE_ADMIN_TOKEN": String(token), "MILLRACE_DATA": "/nowhere"])
        #expect(given.exit == shown.exit)
    }

    @Test func `without the token a command ends with one line that says how to name it`() throws {
        let missing = try run(["cache", "clear"], environment: ["MILLRACE_DATA": "/nowhere"])
        #expect(missing.error.hasPrefix("millrace: MILLRACE_ADMIN_TOKEN: "))
        #expect(missing.error.contains("/nowhere/admin.token") && missing.error.contains("--data"))
        #expect(missing.error.split(separator: "\n").count == 1)
        let wrong = try run(["lb", "peers"], environment: ["MILLRACE_ADMIN_TOKEN": "guess"])
        #expect(wrong.error.contains("401"))
        #expect(!wrong.error.contains("guess"))
        // If the user has not named the data folder, its token is not sent to another machine.
        let far = try run(
            ["cache", "clear"], environment: ["MILLRACE_URL": "http://192.0.2.1:8000", "MILLRACE_DATA": ""])
        #expect(far.error.contains("http://192.0.2.1:8000") && far.error.contains("--data"))
    }

    @Test func `lb strategy shows and sets the strategy, in both spellings`() throws {
        #expect(try run(["lb", "strategy"]).output == "round-robin\n")
        let stranger = try run(["lb", "strategy"], environment: ["MILLRACE_DATA": "/nowhere"])
        #expect(stranger.output == "round-robin\n", "reading the strategy needs no token")
        let changed = try run(["lb", "strategy", "least_connections"])
        #expect(changed.output == "Load balancing strategy changed to least-connections\n")
        #expect(try run(["lb", "strategy", "--json"]).json == ["strategy": "least-connections"])
        let unknown = try run(["lb", "strategy", "fastest"])
        #expect(unknown.error.contains("round-robin, least-connections"))
        #expect(try run(["lb", "strategy", "round-robin", "--json"]).json?["old_strategy"] == "least-connections")
    }

    @Test func `lb peers lists the nodes`() throws {
        let lines = try run(["lb", "peers"]).output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.first?.hasPrefix("upstream  address ") == true)
        #expect(lines.dropFirst().allSatisfy { $0.contains("unix:") && $0.contains(" up ") })
        #expect(try run(["lb", "peers", "--json"]).json?["peers"]?.arrayValue?.count == 2)
    }

    @Test func `types lists the types, and pauses, limits and resumes one`() throws {
        let listed = try run(["types"])
        #expect(listed.output.hasPrefix("type "))
        #expect(listed.output.contains("\nprimes "))
        #expect(try run(["types", "--json"]).json?.arrayValue?.isEmpty == false)
        #expect(try run(["types", "pause", "primes", "--json"]).json?["paused"] == true)
        #expect(try run(["types", "limit", "primes", "2", "--json"]).json?["concurrency"] == 2)
        #expect(try run(["types", "limit", "primes", "none", "--json"]).json?["concurrency"] == .null)
        #expect(try run(["types", "resume", "primes"]).output.split(separator: "\n").last?.contains("no") == true)
        for wrong in [["limit", "primes", "0"], ["limit", "primes", "many"], ["pause", "a/b"]] {
            #expect(try run(["types"] + wrong).exit.contains("64"), "\(wrong)")
        }
        #expect(try run(["types", "pause", "sha1"]).error.contains("404"))
    }
}
