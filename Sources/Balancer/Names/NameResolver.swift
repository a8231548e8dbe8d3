internal import Balancing
internal import NginxConfig
internal import Reactor
internal import Synchronization
internal import Threading

/// Looks the host names of upstream servers up again and again, on a thread of its own, so that a service's new
/// addresses (compose's `--scale`) come into use and its old ones go out of it. nginx does so for servers with
/// `resolve` only; here that parameter says that a name may have no address at the start, and that `resolver` is asked.
final class NameResolver: Sendable {
    /// The longest that the thread sleeps: a reload may bring new names.
    private static let longestPause = Duration.seconds(2)
    private static let shortestPause = Duration.milliseconds(50)

    private let shared: SharedState
    /// Called after a change with the peers that left and the loops to wake.
    private let changed: @Sendable (SharedUpstream, MembershipChange) -> Void
    private let isStopped = Monitor(false)

    private struct Key: Hashable {
        let upstream: Int
        let lookup: NameLookup
    }

    private struct Known {
        /// When it is to be looked up again.
        var expires: MonotonicTime
        var failure: ResolutionError?
    }

    private let known = Mutex<[Key: Known]>([:])

    init(_ shared: SharedState, changed: @escaping @Sendable (SharedUpstream, MembershipChange) -> Void) {
        self.shared = shared
        self.changed = changed
    }

    /// Looks each name up whose last answer has run out. A name without an address keeps what it had.
    /// - Parameter isHurried: nobody waits long for a DNS server that does not answer
    /// - Returns: the names that have none, of which this was not known
    func resolveAll(_ upstreams: [SharedUpstream], isHurried: Bool = false) -> [ResolutionError] {
        var failures: [ResolutionError] = []
        for upstream in upstreams {
            for lookup in upstream.lookups {
                let key = Key(upstream: upstream.index, lookup: lookup)
                let last = known.withLock { $0[key] }
                if let last, last.expires > .current { continue }
                do throws(ResolutionError) {
                    let answer = try lookup.resolve(isHurried: isHurried)
                    upstream.resolved(lookup.host, as: answer.addresses)
                    known.withLock { $0[key] = Known(expires: .current + answer.lifetime) }
                } catch {
                    if last?.failure != error { failures.append(error) }
                    known.withLock { $0[key] = Known(expires: .current + Self.longestPause, failure: error) }
                }
            }
            if let change = upstream.update() { changed(upstream, change) }
        }
        return failures
    }

    private var pause: Duration {
        let next = known.withLock { $0.values.map(\.expires).min() }
        return min(max(next.map { $0 - .current } ?? Self.longestPause, Self.shortestPause), Self.longestPause)
    }

    /// A reload may have taken names away.
    private func forgetOthers(than upstreams: [SharedUpstream]) {
        let keys = Set(
            upstreams.flatMap { upstream in
                upstream.lookups.map { Key(upstream: upstream.index, lookup: $0) }
            })
        known.withLock { known in known = known.filter { keys.contains($0.key) } }
    }

    func start() -> NamedThread {
        NamedThread("resolver") { [self] in
            while isStopped.wait(for: pause, { $0 ? true : nil }) == nil {
                let named = shared.upstreams.filter { !$0.lookups.isEmpty }
                forgetOthers(than: named)
                for failure in resolveAll(named) {
                    shared.configuration?.errorLog.log(.error, "\(failure) in upstream")
                }
            }
        }
    }

    func stop() { isStopped.broadcast { $0 = true } }
}
