internal import Synchronization

/// The peers of an `upstream` block, shared by all event loops.
///
/// A request calls ``pick(loop:now:tried:reason:)`` and, at the end, ``finish(_:_:connection:now:times:isError:)``.
/// Both hold the group's lock for a short time. A retry picks again with the same `tried`.
package final class PeerGroup: Sendable {
    package let name: String
    let state: Mutex<GroupState>

    /// - Parameters:
    ///   - loops: the number of event loops. A loop is named by its index.
    ///   - queueLimit: the maximum number of requests that wait while all usable peers are at `max_conns`; 0: none wait
    package init(
        name: String, peers: [PeerSpecification], strategy: BalancingStrategy = .roundRobin, loops: Int,
        queueLimit: Int = 0, seed: UInt64 = .random(in: 0 ... .max)
    ) {
        self.name = name
        state = Mutex(
            GroupState(
                peers, strategy: strategy, loops: loops, queueLimit: queueLimit, random: RandomChoice(seed: seed)))
    }

    /// Chooses a peer for a request and adds it to `tried`.
    package func pick(loop: Int, now: Milliseconds, tried: inout TriedPeers, reason: PickReason = .newRequest) -> Pick {
        state.withLock { $0.pick(loop: loop, now: now, tried: &tried, reason: reason) }
    }

    /// Gets another connection to the peer of the lease, after an idle connection turned out to be closed, or after
    /// `.reclaim`.
    /// - Parameter end: `.closed` if the lease had a connection or was opening one, `.none` after `.reclaim`
    package func anotherConnection(for lease: Lease, after end: ConnectionEnd) -> ConnectionSource {
        state.withLock { $0.anotherConnection(for: lease, after: end) }
    }

    /// Tells the group that an idle connection of the loop is closed.
    package func idleConnectionClosed(_ peer: Peer, loop: Int) {
        state.withLock { $0.idleConnectionClosed(peer, loop: loop) }
    }

    /// Ends a lease. Call it once per lease.
    /// - Parameters:
    ///   - times: nil if the response is incomplete
    ///   - isError: whether the request is an error for ``OutlierDetection`` even if `outcome` is not `.failure`: a
    ///     status of 500 or higher, or a response that ended too early
    package func finish(
        _ lease: Lease, _ outcome: LeaseOutcome, connection: ConnectionEnd, now: Milliseconds,
        times: ResponseTimes? = nil, isError: Bool = false
    ) -> FinishedLease {
        state.withLock {
            $0.finish(lease, outcome, connection: connection, now: now, times: times, isError: isError)
        }
    }

    /// Records how long a request was queued.
    package func recordQueueTime(microseconds: Int64) { state.withLock { $0.waits.add(microseconds) } }

    /// Sets the maximum number of queued requests (`queue`).
    package func setQueueLimit(_ limit: Int) { state.withLock { $0.queue.limit = limit } }

    /// Removes a queued request of the loop, because its client has disconnected or its timeout has expired.
    /// - Returns: false if a wake-up for the request is already on its way to the loop. If no other request of the loop
    ///   is waiting when the wake-up arrives, call ``forwardWake(now:)``.
    @discardableResult
    package func leaveQueue(loop: Int) -> Bool {
        state.withLock { $0.leaveQueue(loop: loop) }
    }

    /// Passes a wake-up on, because the woken loop has no waiting request, or its request got `.noneUsable`.
    /// - Returns: the next loop to wake; nil: none
    package func forwardWake(now: Milliseconds) -> Int? {
        state.withLock { $0.popLoopToWake(now: now) }
    }

    package var strategy: BalancingStrategy {
        get { state.withLock { $0.strategy } }
        set { state.withLock { $0.strategy = newValue } }
    }

    /// Replaces the members. If a new member has the same address and role (primary or backup) as a current peer, it
    /// takes over that peer's state. All other current peers get no new requests, and are removed when their last lease
    /// and connection have ended.
    package func replacePeers(with peers: [PeerSpecification]) -> MembershipChange {
        state.withLock { state in
            let removed = state.replacePeers(with: peers)
            return MembershipChange(removed: removed, wake: state.wakeAll())
        }
    }

    /// The members, in the order of the configuration.
    package var peers: [PeerSpecification] { state.withLock { $0.peers.map(\.specification) } }

    package var peerCount: Int { state.withLock { $0.peers.count } }

    package func statistics(now: Milliseconds) -> GroupStatistics {
        state.withLock { $0.statistics(now: now) }
    }
}
