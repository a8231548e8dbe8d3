import ArgumentParser
import Glibc
import Reactor
import Settings
import Supervisor
import Tasks
import Threading
import Worker

struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run one worker, which claims tasks and computes them.",
        discussion: CommandConfiguration.variables(
            [
                EnvironmentVariables.workerName.entry, EnvironmentVariables.cacheTTL.entry,
                EnvironmentVariables.cacheMaxEntries.entry,
                EnvironmentVariables.resultRetention.entry, EnvironmentVariables.keepFailedInput.entry,
            ] + Settings.databaseEntries + Settings.logEntries))

    @Option(help: .variable(EnvironmentVariables.concurrency, placeholder: "n"))
    var concurrency: String?

    @Option(help: .variable(EnvironmentVariables.metrics, placeholder: "host:port"))
    var metrics: String?

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            let name = try settings.processName(EnvironmentVariables.workerName, "worker")
            let cores = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
            let configuration = WorkerDaemon.Configuration(
                postgres: try settings.postgres(applicationName: "millrace \(name)"), name: name,
                concurrency: try settings.value(EnvironmentVariables.concurrency, option: concurrency, "--concurrency")
                    ?? cores,
                cacheTTL: try settings.value(EnvironmentVariables.cacheTTL),
                cacheMaxEntries: try settings.value(EnvironmentVariables.cacheMaxEntries),
                retention: try settings.value(EnvironmentVariables.resultRetention),
                keepsFailedInput: try settings.value(EnvironmentVariables.keepFailedInput),
                metrics: try settings.metrics(option: metrics))
            let logger = try settings.startLogging(as: name)

            // Block the signals before the first thread starts, because new threads inherit the signal mask.
            let signals = StopSignals { _exit(1) }
            signal(SIGPIPE, SIG_IGN)
            try PoolerCheck(configuration.postgres).checkNowOrLater()
            let daemon = try WorkerDaemon(configuration: configuration, types: .builtIn, logger: logger)
            _ = NamedThread("stop") {
                while !signals.wait(.seconds(3600)) {}
                daemon.stop()
            }
            // If a computation still runs, it ends with the process. Its task is already queued again or marked as
            // failed.
            if daemon.run() == .stuck { restartProgram() }
        }
    }
}

/// Replaces this process by a new run of the same program, with the same process id. All threads end, also one that is
/// still computing.
private func restartProgram() -> Never {
    var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    _exit(1)
}

extension Settings {
    /// The address where a worker serves its metrics; `nil` if it does not serve them.
    func metrics(option: String? = nil) throws(SettingsError) -> HostPort? {
        guard let text = try value(EnvironmentVariables.metrics, option: option, "--metrics") else { return nil }
        guard let place = HostPort(text) else {
            throw SettingsError(
                EnvironmentVariables.metrics, option: option.map { _ in "--metrics" },
                "\(Self.shown(text)) is not host:port")
        }
        return place
    }
}
