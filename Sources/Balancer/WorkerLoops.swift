internal import NginxConfig
internal import Reactor
internal import Synchronization
internal import Threading

/// The loops of a balancer: those that take connections, and those that only end what they have, because a reload asked
/// for fewer (`worker_processes`).
final class WorkerLoops: Sendable {
    private struct Contents {
        /// By their index, which is never used again.
        var all: [WorkerLoop] = []
        var active: [WorkerLoop] = []
        var threads: [NamedThread] = []
    }

    private let shared: SharedState
    private let contents = Mutex(Contents())

    init(_ count: Int, shared: SharedState, configuration: RunningConfiguration) throws(SystemError) {
        self.shared = shared
        var workers: [WorkerLoop] = []
        for index in 0..<count {
            workers.append(try WorkerLoop(index: index, shared: shared, configuration: configuration))
        }
        for worker in workers { worker.siblings = workers }
        let made = workers
        contents.withLock { contents in
            contents.all = made
            contents.active = made
        }
    }

    var all: [WorkerLoop] { contents.withLock { $0.all } }
    var active: [WorkerLoop] { contents.withLock { $0.active } }

    /// The loops that there would be with another count; new ones do not run yet.
    ///
    /// There are never more in the life of a process than were made room for at its start; then it stays with those
    /// that it has.
    func wanted(_ count: Int, _ configuration: RunningConfiguration) throws(SystemError) -> [WorkerLoop] {
        let (active, used) = contents.withLock { ($0.active, $0.all.count) }
        var wanted = Array(active.prefix(count))
        for index in used..<max(used, min(shared.loops, used + count - wanted.count)) {
            wanted.append(try WorkerLoop(index: index, shared: shared, configuration: configuration))
        }
        return wanted
    }

    /// Makes `wanted` the active ones. New ones begin, when all others know of them; those that are not wanted end what
    /// they have.
    func activate(_ wanted: [WorkerLoop], drainingWithin timeout: Duration?) {
        let (old, all) = contents.withLock { contents in
            let old = contents.active
            contents.all += wanted.filter { worker in !old.contains { $0 === worker } }
            contents.active = wanted
            return (old, contents.all)
        }
        let isNew = { (worker: WorkerLoop) in !old.contains { $0 === worker } }
        if wanted.contains(where: isNew) {
            tellAll(all.filter { !isNew($0) }) { $0.siblings = all }
            for worker in wanted where isNew(worker) {
                worker.siblings = all
                start(worker)
            }
        }
        for worker in old where !wanted.contains(where: { $0 === worker }) {
            worker.post { $0.drain(within: timeout) }
        }
    }

    func start(_ worker: WorkerLoop) {
        let thread = NamedThread("balancer-\(worker.index)") {
            worker.loop.run()
            worker.closeAll()
            // From now on no other loop asks it; what one has just asked is still answered.
            worker.hasEnded = true
            for _ in 0..<10 { worker.loop.turn(waitingAtMost: .milliseconds(1)) }
        }
        contents.withLock { $0.threads.append(thread) }
    }

    /// Waits until all have done `work`, ten seconds at most.
    func tellAll(_ workers: [WorkerLoop]? = nil, _ work: @escaping @Sendable (WorkerLoop) -> Void) {
        let workers = workers ?? active
        let remaining = Monitor(workers.count)
        for worker in workers {
            worker.post { worker in
                work(worker)
                remaining.broadcast { $0 -= 1 }
            }
        }
        _ = remaining.wait(for: .seconds(10)) { $0 <= 0 ? true : nil }
    }

    /// The threads that run now; the caller joins them.
    func takeThreads() -> [NamedThread] {
        contents.withLock { contents in
            defer { contents.threads = [] }
            return contents.threads
        }
    }
}
