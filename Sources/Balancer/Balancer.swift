internal import AdminAccess
internal import Balancing
internal import Glibc
internal import NginxConfig
internal import Reactor
internal import Synchronization
internal import Threading

/// The load balancer: takes HTTP requests from clients, passes them to FastCGI nodes, and is configured in nginx's
/// language.
///
/// ```
/// let balancer = try Balancer(BalancerOptions(path: "/etc/millrace.conf", prefix: "/etc/"))
/// balancer.run()      // until QUIT, TERM or INT
/// ```
/// Tests call ``start()``, ``reload()`` and ``stop(draining:)`` instead of ``run()``.
package final class Balancer: Sendable {
    private let options: BalancerOptions
    private let shared: SharedState
    private let loops: BalancerLoops
    private let resolver: NameResolver
    private let upgrade: BinaryUpgrade

    private struct Contents {
        var listeners: [BoundListener]
        /// The threads that are not in ``BalancerLoops``: the resolver's thread.
        var threads: [NamedThread] = []
        var isStopping = false
    }

    private let contents: Mutex<Contents>
    private let hasStopped = Monitor(false)

    /// Loads the configuration, binds its addresses, and changes to the configured user. The balancer serves requests
    /// only after ``start()``.
    package init(_ options: BalancerOptions) throws(BalancerError) {
        self.options = options
        let source = try Self.load(options)
        Self.setDescriptorLimit(source.main.descriptorLimit)
        let count = options.workers ?? source.main.workerProcesses.count
        shared = SharedState(
            loops: options.workers ?? Self.roomForLoops(count), adminAccess: AdminAccess(token: options.adminToken),
            reportsNeedToken: options.reportsNeedToken, queueTimeout: options.queueTimeout,
            queueLimit: options.queueLimit)
        guard let http = source.http, !http.listeners.isEmpty else { throw .nothingToServe }
        try http.makeTemporaryFolders()
        let listeners = try ListenerBinding.bind(
            http.listeners, keeping: [], owners: Array(0..<count), inherited: Successor.inheritedListeners())
        let shared = shared
        upgrade = BinaryUpgrade(pidFile: options.pidFile) { shared.configuration?.errorLog.log($0, $1) }
        do {
            let configuration = try RunningConfiguration(source, http, shared: shared)
            shared.configuration = configuration
            loops = try BalancerLoops(count, shared: shared, configuration: configuration)
        } catch {
            ListenerBinding.close(listeners)
            throw .system("\(error)")
        }
        contents = Mutex(Contents(listeners: listeners))
        let loops = loops
        resolver = NameResolver(shared) { upstream, change in
            let all = loops.all
            for loop in all {
                loop.post { loop in
                    let mine = loop.upstream(upstream)
                    for peer in change.removed { mine.removed(peer) }
                }
            }
            for loop in change.wake { all[loop].post { $0.upstream(upstream).wakeFirst() } }
        }
        resolve(shared.upstreams)
        if let pidFile = options.pidFile { try Self.writePID(pidFile, listeners) }
        do {
            if let warning = try ProcessUser.take(
                source.main, standard: options.defaultUser,
                owned: http.temporaryFolders + shared.logFiles.paths + [options.pidFile].compactMap(\.self))
            {
                log(.warn, warning)
            }
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

    /// Looks up the host names of the upstreams. A failure is only logged: the resolver's thread tries again.
    private func resolve(_ upstreams: [SharedUpstream]) {
        for failure in resolver.resolveAll(upstreams, triesOnce: true) { log(.warn, "\(failure) in upstream") }
    }

    private func log(_ level: ErrorLog.Level, _ message: String) { shared.configuration?.errorLog.log(level, message) }

    /// The addresses that the balancer listens on. A port that is configured as 0 is replaced by the port that the
    /// system chose.
    package var addresses: [String] { contents.withLock { $0.listeners.map(\.address.description) } }

    /// Number of loops whose threads have not ended.
    var runningLoops: Int { loops.all.count { !$0.hasEnded } }

    // MARK: Running

    /// Starts the threads that serve requests, and returns.
    package func start() {
        shared.logWriter.start()
        let bound = contents.withLock(\.listeners)
        let configuration = shared.configuration!
        for loop in loops.active {
            loop.post { $0.adopt(configuration, bound) }
            loops.start(loop)
        }
        let resolver = resolver.start()
        contents.withLock { $0.threads = [resolver] }
        log(.notice, "start worker threads: \(loops.active.count)")
    }

    /// Blocks HUP, USR1 and USR2. They ask the process to reload, to reopen the logs or to upgrade, but their default
    /// action would end it. They may arrive as soon as the pid file exists. ``run()`` then handles them. Call this
    /// method before ``init(_:)``.
    package static func holdSignals() { SignalWatch.block([SIGHUP, SIGUSR1, SIGUSR2]) }

    /// Serves until a signal stops the balancer. Call this method before the process starts other threads: it blocks
    /// the signals below in the calling thread, and only threads that start later inherit this signal mask.
    ///
    /// QUIT stops after the requests in progress, TERM and INT stop at once. HUP reloads the configuration, USR1
    /// reopens the logs, USR2 starts a binary upgrade.
    package func run() {
        let signals = [SIGHUP, SIGQUIT, SIGTERM, SIGINT, SIGUSR1, SIGUSR2]
        SignalWatch.block(signals)
        signal(SIGPIPE, SIG_IGN)
        start()
        guard let control = try? EventLoop() else { return stop(draining: false) }
        let watch = try? SignalWatch(signals, on: control) { [self] received in
            switch received {
            case SIGHUP: reload()
            case SIGUSR1: reopenLogs()
            case SIGUSR2: upgrade.start(handing: contents.withLock { $0.listeners.flatMap(\.sockets) })
            default:
                log(.notice, received == SIGQUIT ? "gracefully shutting down" : "exiting")
                beginStop(draining: received == SIGQUIT)
                // Wait on another thread, so that this thread can still handle a second signal while requests finish.
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

    /// Loads the configuration again. New requests use the new configuration; requests in progress keep the old one. If
    /// the new configuration is invalid, the old one stays in force.
    /// - Returns: why the new configuration was refused (also in the error log); nil if it is in force
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
        try http.makeTemporaryFolders()
        let old = contents.withLock(\.listeners)
        let count = options.workers ?? source.main.workerProcesses.count
        let wanted: [BalancerLoop]
        do {
            wanted = try loops.prepare(count, shared.configuration!)
        } catch {
            throw .system("\(error)")
        }
        if wanted.count < count {
            log(
                .alert,
                "only \(wanted.count) of \(count) worker threads run: this process has already created the maximum of "
                    + "\(shared.maxLoops) threads; restart it to run more")
        }
        let bound = try ListenerBinding.bind(http.listeners, keeping: old, owners: wanted.map(\.index))
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
        loops.activate(wanted, drainingWithin: source.main.shutdownTimeout)
        loops.runOnEach { $0.adopt(configuration, bound) }
        // No loop accepts on the removed listeners any more, so they can be closed.
        ListenerBinding.close(ListenerBinding.difference(old, bound))
    }

    /// Opens the log files again, after a log rotation has moved them (USR1).
    package func reopenLogs() {
        log(.notice, "reopening logs")
        for error in shared.logFiles.reopenAll() { log(.emerg, error.description) }
    }

    /// Stops the balancer, and returns when all threads have ended.
    /// - Parameter draining: if true, requests in progress may finish until `worker_shutdown_timeout`; if false, their
    ///   connections are closed at once
    package func stop(draining: Bool) {
        beginStop(draining: draining)
        waitUntilStopped()
    }

    private func beginStop(draining: Bool) {
        let timeout = shared.configuration?.source.main.shutdownTimeout
        let isFirst = contents.withLock { contents in
            defer { contents.isStopping = true }
            return !contents.isStopping
        }
        if draining, isFirst {
            loops.runOnEach { $0.drain(within: timeout) }
            // After this, new connections go to another process on the same address (binary upgrade). If there is none,
            // they are refused.
            closeListeners()
        }
        for loop in loops.all where !draining { loop.events.stop() }
        resolver.stop()
    }

    private func closeListeners() {
        let listeners = contents.withLock { contents in
            defer { contents.listeners = [] }
            return contents.listeners
        }
        ListenerBinding.close(listeners, areHandedOver: upgrade.isUnderWay)
    }

    /// Waits until all threads have ended. Then the first caller closes the listeners and the logs. The other callers
    /// wait until these are closed.
    private func waitUntilStopped() {
        let threads =
            loops.takeThreads()
            + contents.withLock { contents in
                defer { contents.threads = [] }
                return contents.threads
            }
        guard !threads.isEmpty else { return hasStopped.wait { $0 ? () : nil } }
        for thread in threads { thread.join() }
        closeListeners()
        upgrade.removePIDFile()
        shared.logWriter.stop()
        hasStopped.broadcast { $0 = true }
    }

    // MARK: The process

    /// The maximum number of loops that this process can create. A reload with a higher `worker_processes` creates more
    /// loops, and ended loops still count.
    private static func roomForLoops(_ count: Int) -> Int { max(64, count * 2) }

    /// Sets the limit of open descriptors.
    /// - Parameter wanted: `worker_rlimit_nofile`; nil: as many as the system allows this process
    private static func setDescriptorLimit(_ wanted: Int?) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let count = wanted.map { rlim_t($0) } ?? limit.rlim_max
        // Only root may raise the hard limit. If this fails, set only the soft limit, at most to the hard limit.
        var raised = rlimit(rlim_cur: count, rlim_max: max(count, limit.rlim_max))
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { return }
        limit.rlim_cur = min(count, limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Writes the process id to a file. If the file cannot be opened, closes the listeners and throws.
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
    /// `auto`: the number of processors that are online.
    var count: Int {
        switch self {
        case .auto: max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        case .count(let count): max(1, count)
        }
    }
}
