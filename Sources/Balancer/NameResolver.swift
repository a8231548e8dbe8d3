internal import Balancing
internal import Reactor
internal import Threading

/// Looks the host names of upstream servers up again and again, on a thread of its own, so that a service's new
/// addresses (compose's `--scale`) come into use and its old ones go out of it. nginx does so for servers with
/// `resolve` only; here that parameter says that a name may have no address at the start.
final class NameResolver: Sendable {
    private static let period = Duration.seconds(2)

    private let shared: SharedState
    /// Called after a change with the peers that left and the loops to wake.
    private let changed: @Sendable (SharedUpstream, MembershipChange) -> Void
    private let isStopped = Monitor(false)

    init(_ shared: SharedState, changed: @escaping @Sendable (SharedUpstream, MembershipChange) -> Void) {
        self.shared = shared
        self.changed = changed
    }

    /// Looks every name up once. A name without an address keeps what it had.
    /// - Returns: the names that have none
    func resolveAll(_ upstreams: [SharedUpstream]) -> [ResolutionError] {
        var failures: [ResolutionError] = []
        for upstream in upstreams {
            for name in Set(upstream.names) {
                do throws(ResolutionError) {
                    upstream.resolved(name, as: try SocketAddress.resolve(host: name, port: 0))
                } catch {
                    failures.append(error)
                }
            }
            if let change = upstream.update() { changed(upstream, change) }
        }
        return failures
    }

    func start() -> NamedThread {
        NamedThread("resolver") { [self] in
            while isStopped.wait(for: Self.period, { $0 ? true : nil }) == nil {
                let named = shared.upstreams.filter { !$0.names.isEmpty }
                if !named.isEmpty { _ = resolveAll(named) }
            }
        }
    }

    func stop() { isStopped.broadcast { $0 = true } }
}
