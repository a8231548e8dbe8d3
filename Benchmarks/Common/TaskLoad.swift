internal import Client
internal import Glibc
internal import JSON
internal import Reactor
internal import Tasks

/// Runs a ``TaskScript`` against a server for a while, and looks at what became of its tasks.
struct TaskLoad {
    struct Outcome {
        let submitted: Int
        let submissions: Latencies
        /// Results read by the clients.
        let read: Int
        /// From the first submission to the last one's reply.
        let submitting: Duration
        /// From the first submission until all was finished, where that was waited for, and read, where that was asked.
        let whole: Duration
        let time: ProcessorTime
    }

    let target: SocketAddress
    let clients: Int
    let processorTime: () -> ProcessorTime
    /// Whether all that was submitted is finished; nil: nobody works on it.
    let isFinished: (() throws -> Bool)?

    /// - Parameter duration: of the submissions.
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
            while try !isFinished() {
                guard MonotonicTime.current - start < .seconds(120) else { throw BenchError("tasks do not finish") }
                usleep(10_000)
            }
        }
        let outcome = Outcome(
            submitted: script.submitted, submissions: script.submissions, read: script.read,
            submitting: script.lastSubmission - start,
            whole: .current - start, time: processorTime().since(before))
        if isFinished != nil { try check(script.samples, paths) }
        return outcome
    }

    /// The results are right, and can be read over HTTP.
    private func check(_ samples: [TaskScript.Task], _ paths: TaskScript.Paths) throws {
        guard let definition = TaskRegistry.builtIn.definition(named: "sha256") else { throw BenchError("no sha256") }
        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: target.port), timeout: .seconds(30))
        for sample in samples.suffix(200) {
            let id = String(decoding: sample.id, as: UTF8.self)
            let reply = try connection.request("GET", paths.read.prefix + id + paths.read.suffix)
            let task = try definition.prepare(.object(["string": .string(sample.input)]))
            let result = try JSONValue(parsing: definition.run(task.input))
            guard case .string(let hash)? = result["hash"], reply.text.contains(hash) else {
                throw BenchError("a wrong result: \(reply.status) \(reply.text)")
            }
        }
    }
}
