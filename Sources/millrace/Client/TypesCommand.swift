import ArgumentParser
import JSON
import Settings

struct TypesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "types", abstract: "List the task types, or change the settings of one.",
        subcommands: [List.self, Pause.self, Resume.self, Limit.self], defaultSubcommand: List.self)

    private static let columns = ["type", "paused", "concurrency", "queued", "processing"]

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the task types, with their settings and the number of tasks of each.")

        @OptionGroup var options: ClientOptions

        func run() throws {
            try reporting {
                let settings = try Settings.load()
                let types = try options.call(settings).get("/types")
                if try options.asJSON(settings) { return show(types, asJSON: true) }
                print(Table(TypesCommand.columns, of: types.arrayValue ?? []).text)
            }
        }
    }

    struct Pause: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop workers from claiming tasks of a type. New tasks are accepted, and wait.")

        @OptionGroup var change: TypeChange

        func run() throws { try reporting { try change.post("pause") } }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let workers claim tasks of a type again.")

        @OptionGroup var change: TypeChange

        func run() throws { try reporting { try change.post("resume") } }
    }

    struct Limit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Limit how many tasks of a type all workers together process at the same time.")

        @OptionGroup var change: TypeChange

        @Argument(help: "A number from 1 on, or `none` for no limit.")
        var concurrency: String

        func validate() throws {
            guard concurrency == "none" || (Int64(concurrency) ?? 0) > 0 else {
                throw ValidationError("\"\(concurrency)\" is not a number from 1 on, or \"none\"")
            }
        }

        func run() throws {
            try reporting {
                try change.post("limit", ["concurrency": Int64(concurrency).map(JSONValue.integer) ?? .null])
            }
        }
    }

    /// The argument and the options of the subcommands that change a type.
    struct TypeChange: ParsableArguments {
        @Argument(help: "The task type.")
        var type: String

        @OptionGroup var admin: AdminOptions

        func validate() throws {
            guard !type.isEmpty, type.utf8.allSatisfy({ $0.isTypeNameByte }) else {
                throw ValidationError("\"\(type)\" is not a task type")
            }
        }

        func post(_ verb: String, _ body: JSONValue? = nil) throws {
            let settings = try Settings.load()
            let reply = try admin.call(settings).post("/types/\(type)/\(verb)", body)
            try admin.show(reply, settings) { Table(TypesCommand.columns, of: [$0]).text }
        }
    }
}

extension UInt8 {
    /// Whether the byte may be in the name of a task type: `[a-z0-9_-]`.
    fileprivate var isTypeNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
