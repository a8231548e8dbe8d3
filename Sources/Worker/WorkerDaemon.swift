package import Logging
package import Postgres
internal import Queue
package import Reactor
internal import Synchronization
package import Tasks
internal import Threading

/// The worker: one thread that talks to the queue, and others that compute.
///
/// The queue thread sleeps in LISTEN, claims batches, and stores what ended meanwhile together with the next claim.
/// What cannot be computed here is never claimed; what is lost with the database session is dropped.
package final class WorkerDaemon: Sendable {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// `WORKER_NAME`.
        package var name: String
        /// Tasks computed at once. The memory that tasks take is bounded by it: an argon2 task has up to 256 MiB.
        package var concurrency: Int
        /// How long a result is served from the cache (`MILLRACE_CACHE_TTL`).
        package var cacheTTL: Duration
        /// Entries of the cache at most (`MILLRACE_CACHE_MAX_ENTRIES`). 0: no limit.
        package var cacheMaxEntries: Int
        /// How long finished tasks are kept (`MILLRACE_RESULT_RETENTION`).
        package var retention: Duration
        /// The input of a task that failed is kept, so that it can be sent again (`MILLRACE_KEEP_FAILED_INPUT`).
        package var keepsFailedInput: Bool
        /// Where `GET /metrics` and `GET /health` are served.
        package var metrics: HostPort?
        /// How long tasks that run may take to finish after ``WorkerDaemon/stop()``.
        package var gracePeriod: Duration

        package init(
            postgres: PostgresConfiguration, name: String, concurrency: Int,
            cacheTTL: Duration = .seconds(3600), cacheMaxEntries: Int = 1_000_000,
            retention: Duration = .seconds(7 * 86_400), keepsFailedInput: Bool = false, metrics: HostPort? = nil,
            gracePeriod: Duration = .seconds(10)
        ) {
            self.postgres = postgres
            self.name = name
            self.concurrency = concurrency
            self.cacheTTL = cacheTTL
            self.cacheMaxEntries = cacheMaxEntries
            self.retention = retention
            self.keepsFailedInput = keepsFailedInput
            self.metrics = metrics
            self.gracePeriod = gracePeriod
        }
    }

    /// How ``run()`` ended.
    package enum Exit: Sendable, Hashable {
        case finished
        /// So many computations took longer than the grace period. Their tasks were given back; their threads can only
        /// be ended with the process, so it must exit now.
        case stillComputing(Int)
        /// A computation went on for longer than its type may take. Its task is failed and everything else in order, but
        /// only the process's end ends it: the worker has to be started anew.
        case stuck
    }

    private let configuration: Configuration
    private let types: TaskRegistry
    private let logger: Logger
    private let listener: MetricsListener?
    private let wake = EventFD()
    private let isStopping = Atomic<Bool>(false)
    private let isRegistered: Flag

    /// Does not touch the database yet.
    /// - Throws: when the address for metrics cannot be listened on.
    package init(
        configuration: Configuration, types: TaskRegistry, logger: Logger
    ) throws(MetricsListener.Failure) {
        self.configuration = configuration
        self.types = types
        self.logger = logger
        let isRegistered = Flag()
        self.isRegistered = isRegistered
        if let place = configuration.metrics {
            let name = configuration.name
            listener = try MetricsListener(place) { WorkerPages.page($0, name: name, isHealthy: isRegistered.value) }
        } else {
            listener = nil
        }
    }

    /// Begins the end of ``run()``. From any thread; once is enough.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
    }

    /// Works until ``stop()``. To be called once, on a thread that may block: it becomes the queue thread.
    package func run() -> Exit {
        let limits = types.all.compactMap { type in type.timeLimit.map { (type.name, $0) } }
        let workload = Monitor(Workload(limits: Dictionary(uniqueKeysWithValues: limits)))
        let compute = ComputeThreads(
            configuration.concurrency, types: types, workload: workload, wake: wake, logger: logger)
        let watch = WorkerWatch(
            WorkerWatch.Configuration(
                postgres: configuration.postgres, retention: configuration.retention,
                cacheMaxEntries: configuration.cacheMaxEntries, keepsFailedInput: configuration.keepsFailedInput),
            logger: logger)
        let session = WorkerSession(
            WorkerSession.Configuration(
                postgres: configuration.postgres, name: configuration.name, types: types.names,
                concurrency: configuration.concurrency, cacheTTL: configuration.cacheTTL,
                keepsFailedInput: configuration.keepsFailedInput),
            watch: watch, logger: logger)
        var queueThread = QueueThread(
            session: session, workload: workload, wake: wake, metrics: WorkerMetrics(types),
            isRegistered: isRegistered, logger: logger)
        let isStuck = queueThread.run(
            WorkerLoop(concurrency: configuration.concurrency, gracePeriod: configuration.gracePeriod),
            until: { self.isStopping.load(ordering: .acquiring) })
        watch.stop()
        listener?.stop()
        workload.broadcast { $0.close() }
        if isStuck { return .stuck }
        let busy = workload.withLock { $0.view.busy }
        guard busy == 0 else {
            logger.warning("Computations are cut off", metadata: ["tasks": .stringConvertible(busy)])
            return .stillComputing(busy)
        }
        compute.join()
        return .finished
    }
}

/// A truth that several threads look at.
final class Flag: Sendable {
    private let flag = Atomic<Bool>(false)

    var value: Bool { flag.load(ordering: .relaxed) }

    func set(_ value: Bool) { flag.store(value, ordering: .relaxed) }
}
