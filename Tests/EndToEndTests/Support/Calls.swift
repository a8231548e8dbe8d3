import Client
import JSON
import TestSupport

/// Calls of the API for tests.
extension HTTPConnection {
    /// Submits a task.
    /// - Returns: its id.
    func submit(_ type: String, _ input: JSONValue) throws -> String {
        let response = try request("POST", "/tasks", json: ["type": .string(type), "input": input])
        guard response.status == 202, let id = try response.json()["tasks"]?[0]?["task_id"]?.stringValue
        else {
            throw TestFailure("POST /tasks: \(response.status) \(response.text)")
        }
        return id
    }

    /// Waits until a task is finished, and returns it.
    func finished(_ id: String, within timeout: Duration = .seconds(60)) throws -> JSONValue {
        try eventually("task \(id) is finished", within: timeout) {
            let response = try request("GET", "/task/\(id)", headers: [("Prefer", "wait=5")])
            let task = try response.json()
            return task["completed_at"]?.isNull == false ? task : nil
        }
    }

    /// Sends a request that may fail.
    /// - Returns: nil if the connection failed.
    func attempt(_ method: String, _ target: String, json: JSONValue? = nil) -> ClientResponse? {
        if let json { return try? request(method, target, json: json) }
        return try? request(method, target)
    }
}
