internal import NginxConfig
internal import Reactor
internal import Synchronization
internal import Threading

/// The loops of a balancer. Active ones accept connections. Others drain, because a reload has reduced
/// `worker_processes`: they only finish their requests.
final class BalancerLoops: Sendable {
    private struct Contents {
        /// All loops by index, including those that have ended: an index is never used again.
        var all: [BalancerLoop] = []
        var active: [BalancerLoop] = []
        var threads: [NamedThread] = []
    }

    private let shared: SharedState
    private let contents = Mutex(Contents())

    init(_ count: Int, shared: SharedState, configuration: RunningConfiguration) throws(SystemError) {
        self.shared = shared
        var loops: [BalancerLoop] = []
        for index in 0..<count {
            loops.append(try BalancerLoop(index: index, shared: shared, configuration: configuration))
        }
        for loop in loops { loop.siblings = loops }
        let made = loops
        contents.withLock { contents in
            contents.all = made
            contents.active = made
        }
    }

    var all: [BalancerLoop] { contents.withLock { $0.all } }
    var active: [BalancerLoop] { contents.withLock { $0.active } }

    /// Chooses the loops that will be active for a new count, and makes those that are missing. A new loop does not run
    /// before ``activate(_:drainingWithin:)``.
    ///
    /// - Returns: `count` loops, or fewer if the process has already made the maximum number (``SharedState/maxLoops``)
    func prepare(_ count: Int, _ configuration: RunningConfiguration) throws(SystemError) -> [BalancerLoop] {
        let (active, used) = contents.withLock { ($0.active, $0.all.count) }
        var wanted = Array(active.prefix(count))
        for index in used..<max(used, min(shared.maxLoops, used + count - wanted.count)) {
            wanted.append(try BalancerLoop(index: index, shared: shared, configuration: configuration))
        }
        return wanted
    }

    /// Makes `wanted` the active loops. A new loop starts after all other loops know of it. Loops that are not in
    /// `wanted` drain.
    /// - Parameter timeout: `worker_shutdown_timeout`, after which a draining loop closes its connections
    func activate(_ wanted: [BalancerLoop], drainingWithin timeout: Duration?) {
        let (old, all) = contents.withLock { contents in
            let old = contents.active
            contents.all += wanted.filter { loop in !old.contains { $0 === loop } }
            contents.active = wanted
            return (old, contents.all)
        }
        let isNew = { (loop: BalancerLoop) in !old.contains { $0 === loop } }
        if wanted.contains(where: isNew) {
            runOnEach(all.filter { !isNew($0) }) { $0.siblings = all }
            for loop in wanted where isNew(loop) {
                loop.siblings = all
                start(loop)
            }
        }
        for loop in old where !wanted.contains(where: { $0 === loop }) {
            loop.post { $0.drain(within: timeout) }
        }
    }

    /// Starts the loop's thread.
    func start(_ loop: BalancerLoop) {
        let thread = NamedThread("balancer-\(loop.index)") {
            loop.events.run()
            loop.closeAll()
            // When other loops see `hasEnded`, they post no more work to this loop. The turns below run the work that
            // was posted just before that.
            loop.hasEnded = true
            for _ in 0..<10 { loop.events.turn(waitingAtMost: .milliseconds(1)) }
        }
        contents.withLock { $0.threads.append(thread) }
    }

    /// Runs `work` on the thread of each loop (all active ones by default), and returns when all have done it, or after
    /// ten seconds.
    func runOnEach(_ loops: [BalancerLoop]? = nil, _ work: @escaping @Sendable (BalancerLoop) -> Void) {
        let loops = loops ?? active
        let remaining = Monitor(loops.count)
        for loop in loops {
            loop.post { loop in
                work(loop)
                remaining.broadcast { $0 -= 1 }
            }
        }
        _ = remaining.wait(for: .seconds(10)) { $0 <= 0 ? true : nil }
    }

    /// Removes and returns the threads of all loops. The caller joins them.
    func takeThreads() -> [NamedThread] {
        contents.withLock { contents in
            defer { contents.threads = [] }
            return contents.threads
        }
    }
}
