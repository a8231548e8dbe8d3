import ArgumentParser
import Postgres
import Schema
import Settings

struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's schema up to date, or show its state.",
        discussion: CommandConfiguration.variables(Settings.databaseEntries))

    @Flag(help: "Show the steps and when they were applied, and change nothing.")
    var status = false

    func run() throws {
        try reporting {
            var configuration = try Settings.load().postgres(applicationName: "millrace migrate")
            // An index over many millions of tasks takes its time.
            configuration.responseTimeout = .seconds(86_400)
            let connection = try ConnectionAttempts(configuration).connect()
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
