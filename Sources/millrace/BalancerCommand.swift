import ArgumentParser
import Balancer
import NginxConfig
import Settings

struct BalancerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balancer",
        abstract: "Run the load balancer; its options and configuration are nginx's.",
        discussion: """
            Without -c it runs the configuration it was shipped with, with these values put in. Signals: QUIT ends \
            it when what it has begun is done, TERM and INT at once, HUP loads the configuration anew, USR1 opens the \
            logs anew, USR2 starts the program anew beside it, on the same sockets. It stays in the foreground unless the \
            configuration says "daemon on".


            """
                + CommandConfiguration.variables(
                    [
                        Variables.upstream.entry, Variables.strategy.entry, Variables.rateLimitRequests.entry,
                        Variables.rateLimitWindow.entry, Variables.trustedProxies.entry,
                        Variables.accessLog.entry,
                        Variables.adminToken.entry,
                    ] + Settings.logEntries))

    @Option(
        name: .customShort("c", allowingJoined: true), help: .variable(Variables.configurationFile, placeholder: "file")
    )
    var file: String?

    @Option(name: .customShort("p", allowingJoined: true), help: .variable(Variables.prefix, placeholder: "prefix"))
    var prefix: String?

    @Option(name: .customShort("e", allowingJoined: true), help: .variable(Variables.errorLog, placeholder: "errlog"))
    var errorLog: String?

    @Option(
        name: .customShort("g", allowingJoined: true), help: .variable(Variables.directives, placeholder: "directives"))
    var directives: String?

    @Option(help: .variable(Variables.listen, placeholder: "address,…"))
    var listen: String?

    @Flag(name: .customShort("t"), help: "Test the configuration and end.")
    var tests = false

    @Flag(name: .customShort("T"), help: "Test the configuration, print it and end.")
    var testsAndPrints = false

    @Flag(name: .customShort("q"), help: "With -t: say only what is wrong.")
    var isQuiet = false

    @Flag(name: .customShort("v"), help: "Show the version and end.")
    var showsVersion = false

    @Flag(name: .customShort("V"), help: "Show version and build and end.")
    var showsBuild = false

    @Option(
        name: .customShort("s", allowingJoined: true),
        help: ArgumentHelp(
            "Signal a running balancer: stop, quit, reload or reopen.", valueName: "signal"))
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
        options.adminToken = try settings.value(Variables.adminToken)
        options.pidFile = try source.pidFile()
        do {
            try Balancer(options).run()
        } catch {
            throw BalancerMessage.emergency("\(error)")
        }
    }
}
