import ArgumentParser
import Logging
import Postgres
import Schema
import Settings

struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Update the database schema, or show its state.",
        discussion: """
            With --status, the exit code is 0 only if the schema is that of this program. It is 1 if a migration is \
            pending, or if the database has a migration that this program does not know.


            """ + CommandConfiguration.variables(Settings.databaseEntries))

    @Flag(help: "Show the migrations and when they were applied. Changes nothing. See above for the exit code.")
    var status = false

    func run() throws {
        try reporting {
            var configuration = try Settings.load().postgres(applicationName: "millrace migrate")
            try PoolerCheck(configuration).check()
            // Building an index over millions of tasks can take hours.
            configuration.responseTimeout = .seconds(86_400)
            let connection = try ConnectionAttempts(
                configuration, logger: Logger(label: "migrate") { _ in SwiftLogNoOpLogHandler() }
            ).connect()
            if status {
                let steps = try Schema.status(connection)
                for step in steps {
                    let state = step.appliedAt ?? "pending"
                    print(line(step, step.isKnown ? state : "\(state), unknown to this program"))
                }
                if steps.contains(where: { $0.appliedAt == nil || !$0.isKnown }) { throw ExitCode(1) }
                return
            }
            let applied = try Schema.migrate(connection)
            for step in applied { print(line(step, "applied")) }
            if applied.isEmpty { print("The schema is up to date.") }
        }
    }

    private func line(_ step: Schema.Step, _ state: String) -> String { "v\(step.version) \(step.name): \(state)" }
}
