import ArgumentParser
import Logging
import Postgres
import Schema
import Settings

struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Update the database schema, or show its state.",
        discussion: CommandConfiguration.variables(Settings.databaseEntries))

    @Flag(help: "Show the migrations and when they were applied. Changes nothing.")
    var status = false

    func run() throws {
        try reporting {
            var configuration = try Settings.load().postgres(applicationName: "millrace migrate")
            // Building an index over millions of tasks can take hours.
            configuration.responseTimeout = .seconds(86_400)
            let connection = try ConnectionAttempts(
                configuration, logger: Logger(label: "migrate") { _ in SwiftLogNoOpLogHandler() }
            ).connect()
            if status {
                for step in try Schema.status(connection) { print(line(step, step.appliedAt ?? "pending")) }
                return
            }
            let applied = try Schema.migrate(connection)
            for step in applied { print(line(step, "applied")) }
            if applied.isEmpty { print("The schema is up to date.") }
        }
    }

    private func line(_ step: Schema.Step, _ state: String) -> String { "v\(step.version) \(step.name): \(state)" }
}
