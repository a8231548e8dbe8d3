internal import Client
internal import Glibc
internal import JSON
internal import Reactor
internal import Tasks
internal import TestSupport

/// Runs a ``TaskScript`` against a server, and checks the results of its tasks.
struct TaskLoad {
    struct Outcome {
        let submitted: Int
        let submissions: Latencies
        /// Results that the clients have read.
        let read: Int
        /// The time from the first submission to the response to the last submission.
        let submitting: Duration
        /// The time from the first submission to the end of the run. With `outstanding`, the run includes reading all
        /// results. With `isFinished`, it includes the wait until all tasks are finished.
        let whole: Duration
        let time: ProcessorTime
    }

    let target: SocketAddress
    let clients: Int
    let processorTime: () -> ProcessorTime
    /// Whether all submitted tasks are finished; nil if no worker runs.
    let isFinished: (() throws -> Bool)?

    /// - Parameter duration: how long the clients submit tasks.
    func run(
        _ duration: Duration, label: String, outstanding: Int? = nil, paths: TaskScript.Paths = TaskScript.Paths()
    ) throws -> Outcome {
        let script = TaskScript(clients: clients, label: label, outstanding: outstanding, paths: paths)
        let connections = try HTTPClients(clients, target: target, script: script)
        defer { connections.close() }
        let before = processorTime()
        let start = MonotonicTime.current
        try connections.run {
            script.isOver = MonotonicTime.current - start >= duration
            return script.isOver
        }
        if let isFinished {
            try eventually("all tasks are finished", within: .seconds(120), every: .milliseconds(10), isFinished)
        }
        let outcome = Outcome(
            submitted: script.submitted, submissions: script.submissions, read: script.read,
            submitting: script.lastSubmission - start,
            whole: .current - start, time: processorTime().since(before))
        if isFinished != nil { try check(script.samples, paths) }
        return outcome
    }

    /// Checks that the results are right and can be read over HTTP.
    private func check(_ samples: [TaskScript.Task], _ paths: TaskScript.Paths) throws {
        guard let definition = TaskRegistry.builtIn.definition(named: "sha256") else { throw BenchError("no sha256") }
        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: target.port), timeout: .seconds(30))
        for sample in samples.suffix(200) {
            let id = String(decoding: sample.id, as: UTF8.self)
            let reply = try connection.request("GET", paths.read.prefix + id + paths.read.suffix)
            let task = try definition.prepare(.object(["string": .string(sample.input)]))
            let result = try JSONValue(parsing: definition.run(task.input))
            guard case .string(let hash)? = result["hash"], reply.text.contains(hash) else {
                throw BenchError("unexpected result: \(reply.status) \(reply.text)")
            }
        }
    }
}
