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
        commandName: "worker", abstract: "Run one worker: it claims tasks and computes them.",
        discussion: CommandConfiguration.variables(
            [
                Variables.workerName.entry, Variables.cacheTTL.entry, Variables.cacheMaxEntries.entry,
                Variables.resultRetention.entry, Variables.keepFailedInput.entry,
            ] + Settings.databaseEntries + Settings.logEntries))

    @Option(help: .variable(Variables.concurrency, placeholder: "n"))
    var concurrency: String?

    @Option(help: .variable(Variables.metrics, placeholder: "host:port"))
    var metrics: String?

    func run() throws {
        try reporting {
            let settings = try Settings.load()
            let name = try settings.processName(Variables.workerName, "worker")
            let cores = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
            let configuration = WorkerDaemon.Configuration(
                postgres: try settings.postgres(applicationName: "millrace \(name)"), name: name,
                concurrency: try settings.value(Variables.concurrency, option: concurrency, "--concurrency")
                    ?? cores,
                cacheTTL: try settings.value(Variables.cacheTTL),
                cacheMaxEntries: try settings.value(Variables.cacheMaxEntries),
                retention: try settings.value(Variables.resultRetention),
                keepsFailedInput: try settings.value(Variables.keepFailedInput),
                metrics: try settings.metrics(option: metrics))
            let logger = try settings.startLogging(as: name)

            // Before there are threads: all of them are to leave these signals to the one that waits for them.
            let signals = StopSignals { _exit(1) }
            signal(SIGPIPE, SIG_IGN)
            let daemon = try WorkerDaemon(configuration: configuration, types: .builtIn, logger: logger)
            _ = NamedThread("stop") {
                while !signals.wait(.seconds(3600)) {}
                daemon.stop()
            }
            // What still computes has been given back, or failed, and ends with the process.
            if daemon.run() == .stuck { startAnew() }
        }
    }
}

/// The same program in the same process, whoever started it and waits for it: all threads end, also one that computes.
private func startAnew() -> Never {
    var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    _exit(1)
}

extension Settings {
    /// Where a worker serves its metrics; `nil`: nowhere.
    func metrics(option: String? = nil) throws(SettingsError) -> HostPort? {
        guard let text = try value(Variables.metrics, option: option, "--metrics") else { return nil }
        guard let place = HostPort(text) else {
            throw SettingsError(
                Variables.metrics, option: option.map { _ in "--metrics" }, "\(Self.shown(text)) is not host:port")
        }
        return place
    }
}
