import ArgumentParser
import Bytes
import Settings

struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Show the state and the result of a task.")

    @Argument(help: "The task's id.")
    var id: String

    @Flag(help: "Wait until the task is finished, at most MILLRACE_WAIT seconds.")
    var wait = false

    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard !id.isEmpty, id.utf8.allSatisfy({ $0 == ASCII.hyphen || $0.hexValue != nil }) else {
            throw ValidationError("\"\(id)\" is not a task id")
        }
    }

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            let seconds = wait ? try settings.value(EnvironmentVariables.wait) : 0
            show(try options.call(settings).get("/task/\(id)", wait: seconds), asJSON: try options.asJSON(settings))
        }
    }
}
