import ArgumentParser
import Postgres
import Settings

struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run the whole system in this terminal.",
        discussion: """
            Without --database it creates and runs a private PostgreSQL cluster in the data folder. Later starts use \
            the same cluster. Ctrl-C stops everything in order; a second Ctrl-C stops everything immediately.

            The variables of the other subcommands apply, too.
            """)

    @Option(help: .variable(EnvironmentVariables.listen, placeholder: "address,…"))
    var listen: String?

    @Option(help: .variable(EnvironmentVariables.dataFolder, placeholder: "folder"))
    var data: String?

    @Option(help: .variable(EnvironmentVariables.nodeCount, placeholder: "n"))
    var api: String?

    @Option(help: .variable(EnvironmentVariables.workerCount, placeholder: "n"))
    var workers: String?

    @Option(help: .variable(EnvironmentVariables.databaseURL, placeholder: "url"))
    var database: String?

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            // The children read these variables much later. Report errors before anything is started.
            try settings.checkAll()
            let address = try settings.databaseAddress(option: database)
            if let address { try settings.checkDatabase(address, option: database == nil ? nil : "--database") }
            if let address {
                try PoolerCheck(
                    PostgresConfiguration(connectionString: address, applicationName: "millrace up"),
                    option: database == nil ? nil : "--database"
                ).check()
            }
            let plan = try UpPlan(
                settings,
                listen: try settings.value(EnvironmentVariables.listen, option: listen, "--listen"),
                listenOption: listen.map { _ in "--listen" },
                data: try settings.value(EnvironmentVariables.dataFolder, option: data, "--data"),
                nodes: try settings.value(EnvironmentVariables.nodeCount, option: api, "--api"),
                workers: try settings.value(EnvironmentVariables.workerCount, option: workers, "--workers"),
                database: address)
            // Check the configuration as the balancer will read it.
            _ = try ConfigurationSource(
                settings, file: nil, prefix: plan.data, errorLog: nil, directives: nil, listen: listen
            ).loaded()
            try WholeSystem(plan).run()
        }
    }
}
