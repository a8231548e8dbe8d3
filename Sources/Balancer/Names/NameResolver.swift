internal import Balancing
internal import NginxConfig
internal import Reactor
internal import Synchronization
internal import Threading

/// Keeps upstreams up to date with DNS: a thread looks up the host names of their servers again whenever an answer
/// expires. The thread adds new addresses of a service as peers (for example after compose's `--scale`), and removes
/// peers whose address is no longer in the answer.
///
/// nginx does this only for servers with the parameter `resolve`. The balancer does this for all host names. With
/// `resolve`, the name may have no address at the start, and the servers of `resolver` are asked.
final class NameResolver: Sendable {
    /// The thread wakes at least this often, because a reload may have added names. A failed lookup is also repeated
    /// after this time.
    private static let maxPause = Duration.seconds(2)
    private static let minPause = Duration.milliseconds(50)

    private let shared: SharedState
    /// Called after the members of an upstream have changed.
    private let changed: @Sendable (SharedUpstream, MembershipChange) -> Void
    private let isStopped = Monitor(false)

    private struct Key: Hashable {
        let upstream: Int
        let lookup: NameLookup
    }

    private struct LastAnswer {
        /// When the name is looked up again.
        var expires: MonotonicTime
        /// Why the last lookup failed; nil if the name had an address.
        var failure: ResolutionError?
    }

    private let lastAnswers = Mutex<[Key: LastAnswer]>([:])

    init(_ shared: SharedState, changed: @escaping @Sendable (SharedUpstream, MembershipChange) -> Void) {
        self.shared = shared
        self.changed = changed
    }

    /// Looks up each name whose last answer has expired. Blocks. If a lookup fails, the name keeps its old addresses.
    /// - Parameter triesOnce: ask each DNS server only once, with a timeout of one second, because a start or a reload
    ///   waits for the answer
    /// - Returns: the failures, without those that equal the last failure of the same name, so that each is logged once
    func resolveAll(_ upstreams: [SharedUpstream], triesOnce: Bool = false) -> [ResolutionError] {
        var failures: [ResolutionError] = []
        for upstream in upstreams {
            for lookup in upstream.lookups {
                let key = Key(upstream: upstream.index, lookup: lookup)
                let last = lastAnswers.withLock { $0[key] }
                if let last, last.expires > .current { continue }
                do throws(ResolutionError) {
                    let answer = try lookup.resolve(triesOnce: triesOnce) { pause in
                        isStopped.wait(for: pause) { $0 ? true : nil } == true
                    }
                    upstream.setAddresses(answer.addresses, of: lookup.host)
                    lastAnswers.withLock { $0[key] = LastAnswer(expires: .current + answer.lifetime) }
                } catch {
                    if last?.failure != error { failures.append(error) }
                    lastAnswers.withLock { $0[key] = LastAnswer(expires: .current + Self.maxPause, failure: error) }
                }
            }
            if let change = upstream.update() { changed(upstream, change) }
        }
        return failures
    }

    private var pause: Duration {
        let next = lastAnswers.withLock { $0.values.map(\.expires).min() }
        return min(max(next.map { $0 - .current } ?? Self.maxPause, Self.minPause), Self.maxPause)
    }

    /// Removes the answers for names that a reload has removed from the configuration.
    private func removeAnswers(exceptOf upstreams: [SharedUpstream]) {
        let keys = Set(
            upstreams.flatMap { upstream in
                upstream.lookups.map { Key(upstream: upstream.index, lookup: $0) }
            })
        lastAnswers.withLock { answers in answers = answers.filter { keys.contains($0.key) } }
    }

    func start() -> NamedThread {
        NamedThread("resolver") { [self] in
            while isStopped.wait(for: pause, { $0 ? true : nil }) == nil {
                let named = shared.upstreams.filter { !$0.lookups.isEmpty }
                removeAnswers(exceptOf: named)
                for failure in resolveAll(named) {
                    shared.configuration?.errorLog.log(.error, "\(failure) in upstream")
                }
            }
        }
    }

    func stop() { isStopped.broadcast { $0 = true } }
}
