internal import Reactor

/// Submits a number of tasks in arrays (`POST /tasks`).
final class ArrayScript: LoadScript {
    private let size: Int
    private var remaining: [[UInt8]]

    init(tasks: Int, size: Int, label: String) {
        self.size = size
        remaining = (0..<(tasks / size)).map { array in
            let tasks = (0..<size).map { "{\"type\":\"sha256\",\"input\":{\"string\":\"\(label) \(array) \($0)\"}}" }
            return Requests.post("/tasks", "[\(tasks.joined(separator: ","))]")
        }
    }

    var isOver: Bool { remaining.isEmpty }

    func next(_ client: Int) -> [UInt8]? { remaining.popLast() }

    func answered(_ client: Int, _ reply: HTTPReply, sentAt: MonotonicTime, now: MonotonicTime) throws {
        guard reply.status == 202 else { throw BenchError("\(reply.status): \(reply.string)") }
    }
}
