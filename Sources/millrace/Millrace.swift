import ArgumentParser

/// The executable. Each subcommand is in a file of its own and only connects the other targets.
@main
struct Millrace: ParsableCommand {
    static let versionNumber = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "millrace",
        abstract: "A task queue over HTTP: load balancer, API nodes and workers on PostgreSQL.",
        discussion: """
            The value of a setting comes from the first of these that has one: the option, the environment, the file \
            .env in the working folder, the default. The help of an option shows its variable as [NAME; default].
            """,
        version: "millrace \(versionNumber)",
        groupedSubcommands: [
            CommandGroup(name: "Whole-system", subcommands: [UpCommand.self]),
            CommandGroup(
                name: "Single-process",
                subcommands: [
                    BalancerCommand.self, APICommand.self, WorkerCommand.self, MigrateCommand.self, HealthCommand.self,
                ]),
            CommandGroup(name: "Administration", subcommands: [KeyCommand.self]),
            CommandGroup(name: "Client", subcommands: [SubmitCommand.self, TaskCommand.self, StatsCommand.self]),
            CommandGroup(
                name: "Administration",
                subcommands: [TypesCommand.self, CacheCommand.self, BalancerAdminCommand.self]),
        ])
}
