import ArgumentParser
import JSON
import Settings
import Tasks

struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submit a task and wait for its result.",
        discussion: "Task types:\n"
            + TaskRegistry.builtIn.all.map { "  \($0.name)  \($0.summary)" }.joined(separator: "\n"))

    @Argument(help: "The task's type.")
    var type: String

    @Argument(help: "The value of the first required input member (for hashes: the string). See also --input.")
    var value: String

    @Flag(help: "The value is the whole input as a JSON object.")
    var input = false

    // Unconditional, so that "--wait -1" is reported as an invalid value and not as a missing one.
    @Option(parsing: .unconditional, help: .variable(EnvironmentVariables.wait, placeholder: "seconds"))
    var wait: String?

    @OptionGroup var options: ClientOptions

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            let wait = try settings.value(EnvironmentVariables.wait, option: wait, "--wait")
            let call = try options.call(settings)
            show(try submit(try inputObject(), call, wait), asJSON: try options.asJSON(settings))
        }
    }

    private func submit(_ input: JSONValue, _ call: ServerCall, _ wait: Int) throws -> JSONValue {
        if definition?.isHash ?? false {
            return try call.post("/hash/\(type)", input, wait: wait)
        }
        let reply = try call.post("/tasks", ["type": .string(type), "input": input])
        guard let task = reply["tasks"]?[0], let id = task["task_id"]?.stringValue else {
            throw CommandFailure(description: "the server's response has no task id")
        }
        return wait > 0 ? try call.get("/task/\(id)", wait: wait) : task
    }

    private func inputObject() throws -> JSONValue {
        // The server may know types that this program does not know. The inputs of most types have the member `string`.
        guard input else { return definition?.input(argument: value) ?? ["string": .string(value)] }
        do {
            return try JSONValue(parsing: Array(value.utf8))
        } catch {
            throw CommandFailure(description: "--input: the value is not JSON: \(error)", code: 64)
        }
    }

    private var definition: TaskDefinition? { TaskRegistry.builtIn.definition(named: type) }
}
