internal import NginxConfig
internal import Reactor
internal import Synchronization
internal import Threading

/// The loops of a balancer: those that take connections, and those that only end what they have, because a reload asked
/// for fewer (`worker_processes`).
final class BalancerLoops: Sendable {
    private struct Contents {
        /// By their index, which is never used again.
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

    /// The loops that there would be with another count; new ones do not run yet.
    ///
    /// There are never more in the life of a process than were made room for at its start; then it stays with those
    /// that it has.
    func wanted(_ count: Int, _ configuration: RunningConfiguration) throws(SystemError) -> [BalancerLoop] {
        let (active, used) = contents.withLock { ($0.active, $0.all.count) }
        var wanted = Array(active.prefix(count))
        for index in used..<max(used, min(shared.loops, used + count - wanted.count)) {
            wanted.append(try BalancerLoop(index: index, shared: shared, configuration: configuration))
        }
        return wanted
    }

    /// Makes `wanted` the active ones. New ones begin, when all others know of them; those that are not wanted end what
    /// they have.
    func activate(_ wanted: [BalancerLoop], drainingWithin timeout: Duration?) {
        let (old, all) = contents.withLock { contents in
            let old = contents.active
            contents.all += wanted.filter { loop in !old.contains { $0 === loop } }
            contents.active = wanted
            return (old, contents.all)
        }
        let isNew = { (loop: BalancerLoop) in !old.contains { $0 === loop } }
        if wanted.contains(where: isNew) {
            tellAll(all.filter { !isNew($0) }) { $0.siblings = all }
            for loop in wanted where isNew(loop) {
                loop.siblings = all
                start(loop)
            }
        }
        for loop in old where !wanted.contains(where: { $0 === loop }) {
            loop.post { $0.drain(within: timeout) }
        }
    }

    func start(_ loop: BalancerLoop) {
        let thread = NamedThread("balancer-\(loop.index)") {
            loop.events.run()
            loop.closeAll()
            // From now on no other loop asks it; what one has just asked is still answered.
            loop.hasEnded = true
            for _ in 0..<10 { loop.events.turn(waitingAtMost: .milliseconds(1)) }
        }
        contents.withLock { $0.threads.append(thread) }
    }

    /// Waits until all have done `work`, ten seconds at most.
    func tellAll(_ loops: [BalancerLoop]? = nil, _ work: @escaping @Sendable (BalancerLoop) -> Void) {
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

    /// The threads that run now; the caller joins them.
    func takeThreads() -> [NamedThread] {
        contents.withLock { contents in
            defer { contents.threads = [] }
            return contents.threads
        }
    }
}
