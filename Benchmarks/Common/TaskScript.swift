internal import Reactor

/// Submits hash tasks with different inputs, and optionally reads their results.
final class TaskScript: LoadScript {
    /// The paths of a server.
    struct Paths {
        var submit = "/hash/sha256"
        /// The text before and after a task's id.
        var read = (prefix: "/task/", suffix: "?wait=10")
    }

    struct Task {
        let id: [UInt8]
        let input: String
    }

    private let label: String
    private let paths: Paths
    /// If a client has more than this number of tasks with unread results, it reads the result of the oldest task next.
    /// nil: the clients read no results.
    private let outstanding: Int?
    private var pending: [[[UInt8]]]
    private var inputs: [String]
    private var readsNext: [Bool]
    private(set) var submissions = Latencies()
    private(set) var lastSubmission = MonotonicTime(nanoseconds: 0)
    private(set) var read = 0
    /// Some of the submitted tasks.
    private(set) var samples: [Task] = []
    /// Whether the clients submit no more tasks.
    var isOver = false

    var submitted: Int { submissions.count }

    /// - Parameter label: a part of each input, so that the inputs differ from those of other runs.
    init(clients: Int, label: String, outstanding: Int? = nil, paths: Paths = Paths()) {
        self.label = label
        self.outstanding = outstanding
        self.paths = paths
        pending = Array(repeating: [], count: clients)
        inputs = Array(repeating: "", count: clients)
        readsNext = Array(repeating: false, count: clients)
    }

    private var number = 0

    func next(_ client: Int) -> [UInt8]? {
        if outstanding != nil, !pending[client].isEmpty, readsNext[client] || isOver {
            return Requests.get(paths.read.prefix, pending[client][0], paths.read.suffix)
        }
        if isOver { return nil }
        number += 1
        inputs[client] = "\(label) \(number)"
        return Requests.post(paths.submit, "{\"string\":\"\(inputs[client])\"}")
    }

    func answered(_ client: Int, _ reply: HTTPReply, sentAt: MonotonicTime, now: MonotonicTime) throws {
        switch reply.status {
        case 202:
            submissions.add(now - sentAt)
            lastSubmission = now
            guard let id = reply.text(after: "\"task_id\":\"") else { throw BenchError("a response without task_id") }
            if submitted % 97 == 0 { samples.append(Task(id: id, input: inputs[client])) }
            guard let outstanding else { return }
            pending[client].append(id)
            readsNext[client] = pending[client].count > outstanding
        case 200 where outstanding != nil:
            if reply.has("\"failed\"") { throw BenchError("a task did not complete: \(reply.string)") }
            // The client asks again for a task that is not finished.
            guard reply.has("\"completed\"") else { return }
            pending[client].removeFirst()
            read += 1
            readsNext[client] = false
        default: throw BenchError("\(reply.status): \(reply.string)")
        }
    }
}

/// The HTTP/1.1 requests of the load generators.
enum Requests {
    static func post(_ path: String, _ body: String) -> [UInt8] {
        var request: [UInt8] = []
        request.reserveCapacity(128 + body.utf8.count)
        request += "POST ".utf8
        request += path.utf8
        request += " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ".utf8
        request += "\(body.utf8.count)\r\n\r\n".utf8
        request += body.utf8
        return request
    }

    static func get(_ prefix: String, _ id: [UInt8], _ suffix: String) -> [UInt8] {
        var request: [UInt8] = []
        request.reserveCapacity(128)
        request += "GET ".utf8
        request += prefix.utf8
        request += id
        request += suffix.utf8
        request += " HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8
        return request
    }
}
