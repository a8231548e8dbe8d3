import Client
import JSON
import TestSupport

/// The API's calls as tests use them.
extension HTTPConnection {
    /// Hands in a task of any type.
    /// - Returns: its id.
    func submit(_ type: String, _ input: JSONValue) throws -> String {
        let response = try request("POST", "/tasks", json: ["type": .string(type), "input": input])
        guard response.status == 202, let id = try response.json()["tasks"]?[0]?["task_id"]?.stringValue
        else {
            throw NotInTime(description: "POST /tasks: \(response.status) \(response.text)")
        }
        return id
    }

    /// The finished task.
    func finished(_ id: String, within limit: Duration = .seconds(60)) throws -> JSONValue {
        try eventually("task \(id) is finished", within: limit) {
            let response = try request("GET", "/task/\(id)", headers: [("Prefer", "wait=5")])
            let task = try response.json()
            return task["completed_at"]?.isNull == false ? task : nil
        }
    }

    /// A reply to a call that may meet a system that is breaking: errors of the connection are no reply.
    func attempt(_ method: String, _ target: String, json: JSONValue? = nil) -> ClientResponse? {
        if let json { return try? request(method, target, json: json) }
        return try? request(method, target)
    }
}
