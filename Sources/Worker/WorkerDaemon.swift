package import Logging
package import Postgres
internal import Queue
package import Reactor
internal import Synchronization
package import Tasks
internal import Threading

/// The worker: one thread that uses the queue, and others that compute.
///
/// The queue thread waits for notifications (LISTEN), claims batches, and stores the ends of attempts together with the
/// next claim. A task of an unknown type is never claimed. When the database session is lost, its tasks are dropped.
package final class WorkerDaemon: Sendable {
    package struct Configuration: Sendable {
        package var postgres: PostgresConfiguration
        /// The worker's name (`WORKER_NAME`).
        package var name: String
        /// How many tasks are computed at a time. This number also bounds the memory that tasks take: an argon2 task
        /// takes up to 256 MiB.
        package var concurrency: Int
        /// How long a result is served from the cache (`MILLRACE_CACHE_TTL`).
        package var cacheTTL: Duration
        /// How many entries the result cache may have (`MILLRACE_CACHE_MAX_ENTRIES`). 0: no limit.
        package var cacheMaxEntries: Int
        /// How long finished tasks are kept (`MILLRACE_RESULT_RETENTION`).
        package var retention: Duration
        /// Whether the input of a failed task is kept, so that the task can be retried (`MILLRACE_KEEP_FAILED_INPUT`).
        package var keepsFailedInput: Bool
        /// The address that serves `GET /metrics` and `GET /health`; `nil` for none.
        package var metrics: HostPort?
        /// How long running tasks may take to finish after ``WorkerDaemon/stop()``.
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
        /// This many computations took longer than the grace period. Their tasks were given back. Their threads end
        /// only with the process, so the process must exit now.
        case stillComputing(Int)
        /// A computation took longer than the time limit of its type. Its task has failed, and the other tasks are not
        /// affected. But its thread ends only with the process, so the worker has to be restarted.
        case stuck
    }

    private let configuration: Configuration
    private let types: TaskRegistry
    private let logger: Logger
    private let listener: MetricsListener?
    private let wake = EventFD()
    private let isStopping = Atomic<Bool>(false)
    private let isRegistered: Flag

    /// Does not connect to the database yet.
    /// - Throws: if the listener for metrics cannot listen on its address.
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

    /// Makes ``run()`` end. May be called from any thread.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
    }

    /// Works until ``stop()``. Call it once, on a thread that may block. This thread becomes the queue thread.
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
            logger.warning("Exiting with unfinished computations", metadata: ["tasks": .stringConvertible(busy)])
            return .stillComputing(busy)
        }
        compute.join()
        return .finished
    }
}

/// A Boolean that several threads use.
final class Flag: Sendable {
    private let flag = Atomic<Bool>(false)

    var value: Bool { flag.load(ordering: .relaxed) }

    func set(_ value: Bool) { flag.store(value, ordering: .relaxed) }
}
