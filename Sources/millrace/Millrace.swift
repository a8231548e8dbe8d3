import ArgumentParser

/// The one executable. Each subcommand is a file of its own and only wires targets together.
@main
struct Millrace: ParsableCommand {
    static let versionNumber = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "millrace",
        abstract: "A task queue over HTTP: load balancer, API nodes and workers on PostgreSQL.",
        discussion: """
            Values come from options, then the environment, then the file .env in the working folder, then defaults; \
            [NAME; default] in an option's help names its variable.
            """,
        version: "millrace \(versionNumber)",
        groupedSubcommands: [
            CommandGroup(name: "The system", subcommands: [UpCommand.self]),
            CommandGroup(
                name: "Its parts",
                subcommands: [
                    BalancerCommand.self, APICommand.self, WorkerCommand.self, MigrateCommand.self, HealthCommand.self,
                ]),
            CommandGroup(name: "The client", subcommands: [SubmitCommand.self, TaskCommand.self, StatsCommand.self]),
        ])
}
