import ArgumentParser
import Balancer
import NginxConfig
import Settings

struct BalancerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balancer",
        abstract: "Run the load balancer, with nginx's options and configuration language.",
        discussion: """
            Without -c it uses a built-in configuration and the values below. Signals: QUIT finishes the open requests \
            and ends, TERM and INT end immediately, HUP reloads the configuration, USR1 reopens the logs, USR2 starts a \
            new process on the same sockets. It runs in the foreground unless the configuration says "daemon on".


            """
                + CommandConfiguration.variables(
                    [
                        EnvironmentVariables.upstream.entry, EnvironmentVariables.strategy.entry,
                        EnvironmentVariables.rateLimitRequests.entry,
                        EnvironmentVariables.rateLimitWindow.entry, EnvironmentVariables.trustedProxies.entry,
                        EnvironmentVariables.accessLog.entry,
                        EnvironmentVariables.adminToken.entry, EnvironmentVariables.anonymous.entry,
                        EnvironmentVariables.user.entry,
                    ] + Settings.logEntries))

    @Option(
        name: .customShort("c", allowingJoined: true),
        help: .variable(EnvironmentVariables.configurationFile, placeholder: "file")
    )
    var file: String?

    @Option(
        name: .customShort("p", allowingJoined: true),
        help: .variable(EnvironmentVariables.prefix, placeholder: "prefix"))
    var prefix: String?

    @Option(
        name: .customShort("e", allowingJoined: true),
        help: .variable(EnvironmentVariables.errorLog, placeholder: "errlog"))
    var errorLog: String?

    @Option(
        name: .customShort("g", allowingJoined: true),
        help: .variable(EnvironmentVariables.directives, placeholder: "directives"))
    var directives: String?

    @Option(help: .variable(EnvironmentVariables.listen, placeholder: "address,…"))
    var listen: String?

    @Flag(name: .customShort("t"), help: "Test the configuration and exit.")
    var tests = false

    @Flag(name: .customShort("T"), help: "Test the configuration, print it and exit.")
    var testsAndPrints = false

    @Flag(name: .customShort("q"), help: "With -t: print only errors.")
    var isQuiet = false

    @Flag(name: .customShort("v"), help: "Show the version and exit.")
    var showsVersion = false

    @Flag(name: .customShort("V"), help: "Show the version and build options and exit.")
    var showsBuild = false

    @Option(
        name: .customShort("s", allowingJoined: true),
        help: ArgumentHelp(
            "Send a signal to the running balancer: stop, quit, reload or reopen.", valueName: "signal"))
    var signal: String?

    func run() throws {
        try reporting {
            if showsVersion || showsBuild { return BalancerMessage.version(withBuild: showsBuild) }
            let settings = try Settings.load()
            let source = try ConfigurationSource(
                settings, file: file, prefix: prefix, errorLog: errorLog, directives: directives,
                listen: listen)
            if tests || testsAndPrints {
                return try source.test(prints: testsAndPrints, isQuiet: isQuiet)
            }
            if let signal { return try BalancerSignal(signal).send(pidFile: try source.pidFile()) }
            try serve(settings, source)
        }
    }

    private func serve(_ settings: Settings, _ source: ConfigurationSource) throws {
        let configuration = try source.loaded()
        if configuration.main.daemon == true, try Daemon.start(pidFile: try source.pidFile()) { return }
        _ = try settings.startLogging(as: "balancer")
        var options = source.options
        options.adminToken = try settings.value(EnvironmentVariables.adminToken)
        options.reportsNeedToken = try settings.value(EnvironmentVariables.anonymous) != .all
        options.pidFile = try source.pidFile()
        options.defaultUser = try settings.value(EnvironmentVariables.user) ?? "nobody"
        do {
            Balancer.holdSignals()
            let balancer = try Balancer(options)
            if configuration.main.daemon == true { Daemon.leaveTerminal(logs: configuration.main.errorLogs) }
            balancer.run()
        } catch {
            throw BalancerMessage.emergency("\(error)")
        }
    }
}
