import ArgumentParser
import Postgres
import Settings
import Supervisor

struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run the whole system in this terminal.",
        discussion: """
            Without --database it creates and runs a private PostgreSQL cluster in the data folder. Later starts use \
            the same cluster. Ctrl-C stops everything in order; a second Ctrl-C stops everything immediately.

            If root starts it, PostgreSQL runs as the user postgres, and everything else as another user without \
            rights. (The balancer changes to that user when it has opened its ports and files.)

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

    @Option(help: .variable(EnvironmentVariables.user, placeholder: "user"))
    var user: String?

    func run() throws {
        try reporting {
            ProcessArguments.hideValue(of: "--database")
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
                database: address,
                account: try account(settings))
            // Check the configuration as the balancer will read it.
            _ = try ConfigurationSource(
                settings, file: nil, prefix: plan.data, errorLog: nil, directives: nil, listen: listen
            ).loaded()
            try WholeSystem(plan).run()
        }
    }

    /// If root starts the system: the user of all processes except PostgreSQL. If another user starts it: `nil`.
    private func account(_ settings: Settings) throws(SettingsError) -> Account? {
        let name = try settings.value(EnvironmentVariables.user, option: user, "--user")
        let option = user.map { _ in "--user" }
        guard Account.isRoot else {
            guard let user, user != Account.current?.name else { return nil }
            throw SettingsError(
                EnvironmentVariables.user, option: option, "only root can run processes as another user")
        }
        let chosen = name ?? "millrace"
        if chosen == "root" || chosen == PrivateCluster.accountForRoot {
            throw SettingsError(
                EnvironmentVariables.user, option: option,
                "\(Settings.shown(chosen)) has more rights than nodes and workers may have; name another user")
        }
        if let account = Account(named: chosen) { return account }
        throw SettingsError(
            EnvironmentVariables.user, option: option,
            "the user \(Settings.shown(chosen)) does not exist, and nodes, workers and the balancer must not run as "
                + "root; create it (useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin \(chosen)), "
                + "or name another user with --user")
    }
}
