import Client
import JSON
import Supervisor
import TestSupport
import Testing

/// `millrace key`, and what a key does in a running system.
struct KeyCommandTests {
    private func run(_ arguments: [String], _ environment: [String: String]) throws -> Program {
        let program = try Program.millrace(
            arguments, environment: RunningSystem.quietEnvironment.merging(environment) { $1 })
        _ = try program.waitForExit(within: .seconds(30))
        return program
    }

    /// The status of `GET /tasks` with this key, through the balancer.
    private func status(_ system: RunningSystem, _ key: String) throws -> Int {
        try system.connection().request("GET", "/tasks", headers: [("Authorization", "Bearer \(key)")]).status
    }

    @Test(arguments: [false, true])
    func `keys are made and revoked through the server or in the database, for all nodes`(_ inDatabase: Bool) throws {
        let system = try RunningSystem(nodes: 3, workers: 1)
        defer { _ = try? system.stop() }
        let token = try #require(try system.adminHeader().1.split(separator: " ").last)
        let place =
            inDatabase
            ? ["DATABASE_URL": "host=\(system.data)/run/postgres user=postgres dbname=millrace"]
            : ["MILLRACE_URL": system.url, "MILLRACE_ADMIN_TOKEN": String(token)]
        let made = try run(["key", "create", "web-shop", "--json"], place)
        let first = try #require(try JSONValue(parsing: Array(made.standardOutput.utf8))["key"]?.stringValue)
        #expect(try run(["key", "create", "web-shop"], place).standardError.contains("web-shop"))
        #expect(try run(["key", "list"], place).standardOutput == "web-shop  submit,read,list,cancel  all types\n")
        // The balancer may send each of these requests to a different node.
        func untilAll(_ key: String, _ expected: Int) throws {
            try eventually("all nodes answer \(expected)", within: .seconds(1)) {
                try (0..<6).allSatisfy { _ in try status(system, key) == expected }
            }
        }
        try untilAll(first, 200)
        // The client commands send the key. A request without the key does not find the task.
        let environment = ["MILLRACE_URL": system.url, "MILLRACE_KEY": first]
        let submitted = try run(["submit", "md5", "abc", "--json"], environment)
        let task = try #require(try JSONValue(parsing: Array(submitted.standardOutput.utf8))["task_id"]?.stringValue)
        #expect(try system.connection().request("GET", "/task/\(task)").status == 404)
        #expect(try run(["task", task], environment).standardOutput.contains(task))
        let rotated = try run(["key", "rotate", "web-shop", "--json"], place)
        let second = try #require(try JSONValue(parsing: Array(rotated.standardOutput.utf8))["key"]?.stringValue)
        try untilAll(first, 401)
        try untilAll(second, 200)
        #expect(try run(["key", "revoke", "web-shop"], place).standardError == "")
        try untilAll(second, 401)
        #expect(try run(["key", "revoke", "web-shop"], place).standardError.contains("no client"))
        #expect(try run(["key", "list"], place).standardOutput == "")
        // Only the command that makes a key shows it. The output of `millrace up` does not contain the keys.
        try system.stop()
        for key in [first, second] {
            #expect(!system.program.standardOutput.contains(key) && !system.program.standardError.contains(key))
        }
    }

    @Test func `a bad name or scope is a usage error, and nothing is made`() throws {
        for arguments in [["create", "a b"], ["create", "a", "--scope", "write"], ["create"], ["rotate"]] {
            let program = try run(["key"] + arguments, ["MILLRACE_URL": "http://127.0.0.1:1"])
            #expect(try program.waitForExit() == .exited(code: 64))
        }
    }
}
