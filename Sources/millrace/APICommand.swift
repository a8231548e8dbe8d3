import API
import ArgumentParser
import Glibc
import Queue
import Reactor
import Settings
import Supervisor
import Tasks
import Threading

struct APICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api", abstract: "Run one API node: a FastCGI responder.",
        discussion: """
            If standard input is a listening socket (spawn-fcgi, lighttpd, mod_fcgid), the node serves that socket. If \
            it is started as a CGI program, it answers that one request.

            The node's socket must not be public: FastCGI clients can claim any client address.


            """
                + CommandConfiguration.variables(
                    [
                        EnvironmentVariables.applicationName.entry, EnvironmentVariables.adminToken.entry,
                        EnvironmentVariables.anonymous.entry,
                        EnvironmentVariables.queueLimit.entry,
                        EnvironmentVariables.cacheKey.entry, EnvironmentVariables.idempotencyTTL.entry,
                        EnvironmentVariables.keepFailedInput.entry, EnvironmentVariables.webServers.entry,
                    ] + Settings.databaseEntries + Settings.logEntries))

    @Option(help: .variable(EnvironmentVariables.apiListen, placeholder: "address"))
    var listen: String?

    @Option(help: .variable(EnvironmentVariables.socketMode, placeholder: "mode"))
    var socketMode: String?

    @Option(help: .variable(EnvironmentVariables.socketGroup, placeholder: "group"))
    var socketGroup: String?

    @Option(help: .variable(EnvironmentVariables.apiThreads, placeholder: "n"))
    var threads: String?

    @Option(help: .variable(EnvironmentVariables.apiConnections, placeholder: "n"))
    var connections: String?

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            let name = try settings.processName(EnvironmentVariables.applicationName, "api")
            let logger = try settings.startLogging(as: name)
            let adminToken = try settings.value(EnvironmentVariables.adminToken)
            let anonymous = AnonymousPolicy(try settings.value(EnvironmentVariables.anonymous))
            let invocation = CGIProgram.invocation(environment: settings.merged)
            var configuration = APINode.Configuration(listen: try address(settings, invocation), name: name)
            configuration.socketAccess = try socketAccess(settings)
            let cores = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
            configuration.threads =
                try settings.value(EnvironmentVariables.apiThreads, option: threads, "--threads")
                ?? max(4, 2 * cores)
            configuration.connections = try settings.value(
                EnvironmentVariables.apiConnections, option: connections, "--connections")
            configuration.adminToken = adminToken
            configuration.anonymous = anonymous
            configuration.webServers = try webServers(settings)
            let queueConfiguration = QueueClient.Configuration(
                postgres: try settings.postgres(applicationName: "millrace \(name)"),
                queueLimit: try settings.value(EnvironmentVariables.queueLimit),
                cacheSecret: try settings.value(EnvironmentVariables.cacheKey).map { Array($0.utf8) },
                idempotencyTTL: try settings.value(EnvironmentVariables.idempotencyTTL),
                keepsFailedInput: try settings.value(EnvironmentVariables.keepFailedInput))

            // Block the signals before the first thread starts, because new threads inherit the signal mask.
            let signals = StopSignals { _exit(1) }
            signal(SIGPIPE, SIG_IGN)
            let isCGI = listen == nil && invocation == .cgi
            if !isCGI { try PoolerCheck(queueConfiguration.postgres).checkNowOrLater() }
            let queue = QueueClient(queueConfiguration, logger: logger)
            if isCGI {
                CGIProgram.run(
                    environment: settings.merged, name: name, adminToken: adminToken, anonymous: anonymous,
                    types: .builtIn, queue: queue, logger: logger)
                return queue.shutdown()
            }
            let node = try APINode(configuration, types: .builtIn, queue: queue, logger: logger)
            _ = NamedThread("stop") {
                while !signals.wait(.seconds(3600)) {}
                node.stop()
            }
            node.run()
        }
    }

    private func socketAccess(_ settings: Settings) throws(SettingsError) -> SocketAccess {
        var access = SocketAccess()
        access.mode = try settings.value(EnvironmentVariables.socketMode, option: socketMode, "--socket-mode")
        guard let name = try settings.value(EnvironmentVariables.socketGroup, option: socketGroup, "--socket-group")
        else { return access }
        guard let group = Account.group(named: name) else {
            throw SettingsError(
                EnvironmentVariables.socketGroup, option: socketGroup.map { _ in "--socket-group" },
                "there is no group \(Settings.shown(name))")
        }
        access.group = group
        return access
    }

    private func webServers(_ settings: Settings) throws(SettingsError) -> [SocketAddress]? {
        guard let list = try settings.value(EnvironmentVariables.webServers) else { return nil }
        return try list.map { (text) throws(SettingsError) in
            if let address = SocketAddress(numeric: text, port: 0) { return address }
            throw SettingsError(EnvironmentVariables.webServers, "\(Settings.shown(text)) is not an address")
        }
    }

    private func address(_ settings: Settings, _ invocation: CGIProgram.Invocation) throws -> ListenAddress {
        if listen == nil, invocation == .listenerOnStandardInput { return .descriptor(0) }
        let text = try settings.value(EnvironmentVariables.apiListen, option: listen, "--listen")
        guard let address = ListenAddress(text) else {
            throw SettingsError(
                EnvironmentVariables.apiListen, option: listen.map { _ in "--listen" },
                "\(Settings.shown(text)) is not unix:/path, host:port or fd:0")
        }
        return address
    }
}

extension AnonymousPolicy {
    fileprivate init(_ setting: AnonymousSetting) {
        self =
            switch setting {
            case .all: .all
            case .submit: .submit
            case .none: .none
            }
    }
}
