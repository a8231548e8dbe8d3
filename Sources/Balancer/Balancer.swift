internal import AdminAccess
internal import Balancing
internal import Glibc
internal import NginxConfig
internal import Reactor
internal import Synchronization
internal import Threading

/// The load balancer: HTTP on one side, FastCGI nodes on the other, nginx's language between.
///
/// ```
/// let balancer = try Balancer(BalancerOptions(path: "/etc/millrace.conf", prefix: "/etc/"))
/// balancer.run()      // until QUIT, TERM or INT
/// ```
/// Tests call ``start()``, ``reload()`` and ``stop(draining:)`` in place of ``run()``.
package final class Balancer: Sendable {
    private let options: BalancerOptions
    private let shared: SharedState
    private let workers: [WorkerLoop]
    private let resolver: NameResolver

    private struct Contents {
        var listeners: [BoundListener]
        var threads: [NamedThread] = []
    }

    private let contents: Mutex<Contents>
    private let hasStopped = Monitor(false)

    /// Loads the configuration and binds its listeners; nothing is served yet.
    package init(_ options: BalancerOptions) throws(BalancerError) {
        self.options = options
        let source = try Self.load(options)
        Self.setDescriptorLimit(source.main.descriptorLimit)
        let loops = options.workers ?? source.main.workerProcesses.count
        shared = SharedState(
            loops: loops, adminAccess: AdminAccess(token: options.adminToken), queueTimeout: options.queueTimeout,
            queueLimit: options.queueLimit)
        guard let http = source.http, !http.listeners.isEmpty else { throw .nothingToServe }
        let listeners = try ListenerBinding.bind(http.listeners, keeping: [], loops: loops)
        let shared = shared
        do {
            let configuration = try RunningConfiguration(source, http, shared: shared)
            shared.configuration = configuration
            workers = try (0..<loops).map { try WorkerLoop(index: $0, shared: shared, configuration: configuration) }
        } catch {
            ListenerBinding.close(listeners)
            throw .system("\(error)")
        }
        contents = Mutex(Contents(listeners: listeners))
        let workers = workers
        resolver = NameResolver(shared) { upstream, change in
            for worker in workers {
                worker.post { worker in
                    let mine = worker.upstream(upstream)
                    for peer in change.removed { mine.removed(peer) }
                }
            }
            for loop in change.wake { workers[loop].post { $0.upstream(upstream).wakeFirst() } }
        }
        for worker in workers { worker.siblings = workers }
        resolve(shared.upstreams)
        if let pidFile = options.pidFile { try Self.writePID(pidFile, listeners) }
        do {
            if let warning = try ProcessUser.take(source.main) { log(.warn, warning) }
        } catch {
            ListenerBinding.close(listeners)
            if let pidFile = options.pidFile { unlink(pidFile) }
            throw error
        }
    }

    private static func load(_ options: BalancerOptions) throws(BalancerError) -> NginxConfiguration {
        switch options.load() {
        case .success(let configuration): return configuration
        case .failure(let error): throw .configuration(error)
        }
    }

    private func resolve(_ upstreams: [SharedUpstream]) {
        for failure in resolver.resolveAll(upstreams) { log(.warn, "\(failure) in upstream") }
    }

    private func log(_ level: ErrorLog.Level, _ message: String) { shared.configuration?.errorLog.log(level, message) }

    /// Where it listens, as configured; a port of 0 has become the real one.
    package var addresses: [String] { contents.withLock { $0.listeners.map(\.address.description) } }

    // MARK: Running

    /// Serves, on threads of its own.
    package func start() {
        shared.logWriter.start()
        let bound = contents.withLock(\.listeners)
        let configuration = shared.configuration!
        var threads = workers.map { worker in
            worker.post { $0.adopt(configuration, bound) }
            return NamedThread("balancer-\(worker.index)") {
                worker.loop.run()
                worker.closeAll()
            }
        }
        threads.append(resolver.start())
        contents.withLock { $0.threads = threads }
        log(.notice, "start worker threads: \(workers.count)")
    }

    /// Serves until it is told to stop: QUIT lets requests end, TERM and INT do not, HUP loads the configuration
    /// anew, USR1 opens the logs anew. To be called before the process has other threads.
    package func run() {
        let signals = [SIGHUP, SIGQUIT, SIGTERM, SIGINT, SIGUSR1]
        SignalWatch.block(signals)
        signal(SIGPIPE, SIG_IGN)
        start()
        guard let control = try? EventLoop() else { return stop(draining: false) }
        let watch = try? SignalWatch(signals, on: control) { [self] received in
            switch received {
            case SIGHUP: reload()
            case SIGUSR1: reopenLogs()
            default:
                log(.notice, received == SIGQUIT ? "gracefully shutting down" : "exiting")
                beginStop(draining: received == SIGQUIT)
                // A second signal still has to be heard while requests end.
                _ = NamedThread("stopper") { [self] in
                    waitUntilStopped()
                    control.stop()
                }
            }
        }
        control.run()
        withExtendedLifetime(watch) {}
        waitUntilStopped()
    }

    /// Loads the configuration anew. New requests get the new one, those under way end on theirs; with a bad one all
    /// stays as it is.
    /// - Returns: what is wrong with it, which is in the error log, too
    @discardableResult
    package func reload() -> BalancerError? {
        do throws(BalancerError) {
            try adopt(try Self.load(options))
            log(.notice, "reconfigured")
            return nil
        } catch {
            log(.emerg, "\(error)")
            return error
        }
    }

    private func adopt(_ source: NginxConfiguration) throws(BalancerError) {
        guard let http = source.http, !http.listeners.isEmpty else { throw .nothingToServe }
        let old = contents.withLock(\.listeners)
        let bound = try ListenerBinding.bind(http.listeners, keeping: old, loops: shared.loops)
        let configuration: RunningConfiguration
        do {
            configuration = try RunningConfiguration(source, http, shared: shared)
        } catch {
            ListenerBinding.close(ListenerBinding.difference(bound, old))
            throw .system("\(error)")
        }
        resolve(configuration.upstreams)
        shared.configuration = configuration
        contents.withLock { $0.listeners = bound }
        let remaining = Monitor(workers.count)
        for worker in workers {
            worker.post { worker in
                worker.adopt(configuration, bound)
                remaining.broadcast { $0 -= 1 }
            }
        }
        // No loop accepts on the listeners that went: now they can be closed.
        _ = remaining.wait(for: .seconds(10)) { $0 == 0 ? true : nil }
        ListenerBinding.close(ListenerBinding.difference(old, bound))
    }

    package func reopenLogs() {
        log(.notice, "reopening logs")
        shared.logFiles.reopenAll()
    }

    /// Stops accepting; with `draining` lets the requests under way end. Returns when all has ended.
    package func stop(draining: Bool) {
        beginStop(draining: draining)
        waitUntilStopped()
    }

    private func beginStop(draining: Bool) {
        let timeout = shared.configuration?.source.main.shutdownTimeout
        for worker in workers {
            if draining { worker.post { $0.drain(within: timeout) } } else { worker.loop.stop() }
        }
        resolver.stop()
    }

    /// The first caller clears up when all threads have ended, the others wait for it.
    private func waitUntilStopped() {
        let threads = contents.withLock { contents in
            defer { contents.threads = [] }
            return contents.threads
        }
        guard !threads.isEmpty else { return hasStopped.wait { $0 ? () : nil } }
        for thread in threads { thread.join() }
        ListenerBinding.close(contents.withLock(\.listeners))
        if let pidFile = options.pidFile { unlink(pidFile) }
        shared.logWriter.stop()
        hasStopped.broadcast { $0 = true }
    }

    // MARK: The process

    /// `worker_rlimit_nofile`, or as many descriptors as the system lets this process have.
    private static func setDescriptorLimit(_ wanted: Int?) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let most = wanted.map { rlim_t($0) } ?? limit.rlim_max
        // Above the hard limit only root may go; the others take what there is.
        var hard = rlimit(rlim_cur: most, rlim_max: max(most, limit.rlim_max))
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &hard) == 0 { return }
        limit.rlim_cur = min(most, limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func writePID(_ path: String, _ listeners: [BoundListener]) throws(BalancerError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let error = "open() \"\(path)\" failed (\(errno): \(String(cString: strerror(errno))))"
            ListenerBinding.close(listeners)
            throw .system(error)
        }
        let text = "\(getpid())\n"
        _ = text.withCString { write(descriptor, $0, strlen($0)) }
        close(descriptor)
    }
}

extension MainSettings.WorkerProcesses {
    var count: Int {
        switch self {
        case .auto: max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        case .count(let count): max(1, count)
        }
    }
}
