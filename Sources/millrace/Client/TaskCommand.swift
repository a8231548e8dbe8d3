import ArgumentParser
import Settings

struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Show a task's state and result.")

    @Argument(help: "The task's id.")
    var id: String

    @Flag(help: "Wait for its end, as long as MILLRACE_WAIT says.")
    var wait = false

    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard !id.isEmpty, id.utf8.allSatisfy({ $0 == 0x2D || Character(Unicode.Scalar($0)).isHexDigit }) else {
            throw ValidationError("\"\(id)\" is not a task's id")
        }
    }

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            let seconds = wait ? try settings.value(Variables.wait) : 0
            show(try options.call(settings).get("/task/\(id)", wait: seconds), asJSON: try options.asJSON(settings))
        }
    }
}
