import ArgumentParser
import JSON
import Settings
import Tasks

struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Hand in a task and wait for its result.",
        discussion: "Task types:\n"
            + TaskRegistry.builtIn.all.map { "  \($0.name)  \($0.summary)" }.joined(separator: "\n"))

    @Argument(help: "The task's type.")
    var type: String

    @Argument(help: "The value of its first required input member (for a hash: the string), or see --input.")
    var value: String

    @Flag(help: "The value is the whole input: a JSON object.")
    var input = false

    // "--wait -1" is a value that is refused, not a missing one.
    @Option(parsing: .unconditional, help: .variable(Variables.wait, placeholder: "seconds"))
    var wait: String?

    @OptionGroup var options: ClientOptions

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            let wait = try settings.value(Variables.wait, option: wait, "--wait")
            let call = try options.call(settings)
            show(try submit(try inputObject(), call, wait), asJSON: try options.asJSON(settings))
        }
    }

    private func submit(_ input: JSONValue, _ call: ServerCall, _ wait: Int) throws -> JSONValue {
        if TaskRegistry.builtIn.definition(named: type)?.isHash ?? false {
            return try call.post("/hash/\(type)", input, wait: wait)
        }
        let reply = try call.post("/tasks", ["type": .string(type), "input": input])
        guard let task = reply["tasks"]?[0], let id = task["task_id"]?.stringValue else {
            throw CommandFailure(description: "the server's answer names no task")
        }
        return wait > 0 ? try call.get("/task/\(id)", wait: wait) : task
    }

    private func inputObject() throws -> JSONValue {
        guard input else { return .object([member: memberValue]) }
        do {
            return try JSONValue(parsing: Array(value.utf8))
        } catch {
            throw CommandFailure(description: "--input: the value is not JSON: \(error)", code: 64)
        }
    }

    private var schema: JSONValue? { TaskRegistry.builtIn.definition(named: type)?.inputSchema }

    /// A type that this program does not know may be known to the server; most take a string.
    private var member: String { schema?["required"]?[0]?.stringValue ?? "string" }

    private var memberValue: JSONValue {
        switch schema?["properties"]?[member]?["type"]?.stringValue {
        case "integer": Int64(value).map { .integer($0) } ?? .string(value)
        case "number": Double(value).map { .number($0) } ?? .string(value)
        default: .string(value)
        }
    }
}
