internal import Synchronization

/// The peers of an `upstream` block, shared by all event loops.
///
/// A request calls ``pick(loop:now:tried:turn:)`` and, when it is done with the peer, ``finish(_:_:connection:now:)``:
/// two short stays under one lock. With a retry it picks again with the same `tried`.
package final class PeerGroup: Sendable {
    package let name: String
    let state: Mutex<GroupState>

    /// - Parameters:
    ///   - loops: how many event loops there are; they are numbered from 0.
    ///   - queueLimit: the most requests that wait for a place when all usable peers are at `max_conns`.
    ///     0: none wait.
    package init(
        name: String, peers: [PeerSpecification], strategy: BalancingStrategy = .roundRobin, loops: Int,
        queueLimit: Int = 0, seed: UInt64 = .random(in: 0 ... .max)
    ) {
        self.name = name
        state = Mutex(
            GroupState(
                peers, strategy: strategy, loops: loops, queueLimit: queueLimit, random: RandomChoice(seed: seed)))
    }

    /// Chooses a peer for a request. On `.peer` the peer is added to `tried`.
    package func pick(loop: Int, now: Milliseconds, tried: inout TriedPeers, turn: Turn = .newcomer) -> Pick {
        state.withLock { $0.pick(loop: loop, now: now, tried: &tried, turn: turn) }
    }

    /// The lease's connection could not be used (an idle one had died, or a place had to be reclaimed first):
    /// where the next one on the same peer comes from.
    /// - Parameter end: `.closed` if the lease had a connection or the place for one, `.none` after `.reclaim`.
    package func anotherConnection(for lease: Lease, after end: ConnectionEnd) -> ConnectionSource {
        state.withLock { $0.anotherConnection(for: lease, after: end) }
    }

    /// A loop has closed an idle connection, or found it closed.
    package func idleConnectionClosed(_ peer: Peer, loop: Int) {
        state.withLock { $0.idleConnectionClosed(peer, loop: loop) }
    }

    /// Ends a lease, once for each `.peer`.
    /// - Parameters:
    ///   - times: of a response that is complete
    ///   - isError: for ``OutlierDetection``, beside what is a failure anyway: a status from 500 on, a response cut short
    package func finish(
        _ lease: Lease, _ outcome: LeaseOutcome, connection: ConnectionEnd, now: Milliseconds,
        times: ResponseTimes? = nil, isError: Bool = false
    ) -> FinishedLease {
        state.withLock {
            $0.finish(lease, outcome, connection: connection, now: now, times: times, isError: isError)
        }
    }

    /// A request has left the queue after so long.
    package func waited(microseconds: Int64) { state.withLock { $0.waits.add(microseconds) } }

    /// The most requests that may wait (`queue`).
    package func setQueueLimit(_ limit: Int) { state.withLock { $0.queue.limit = limit } }

    /// A queued request of the loop gives up (its client left, its time is over).
    /// - Returns: false if its turn is under way already: a wake will come that nobody needs; pass it on.
    @discardableResult
    package func leaveQueue(loop: Int) -> Bool {
        state.withLock { $0.leaveQueue(loop: loop) }
    }

    /// A woken loop has no request waiting, or its request got `.noneUsable`: the next loop to wake, if any.
    package func passTurn(now: Milliseconds) -> Int? {
        state.withLock { $0.nextToWake(now: now) }
    }

    package var strategy: BalancingStrategy {
        get { state.withLock { $0.strategy } }
        set { state.withLock { $0.strategy = newValue } }
    }

    /// Sets a new strategy and gives the old one.
    package func exchangeStrategy(_ strategy: BalancingStrategy) -> BalancingStrategy {
        state.withLock { state in
            defer { state.strategy = strategy }
            return state.strategy
        }
    }

    /// Replaces the members. Those with the address (and role) of a present peer keep its state; peers no longer
    /// named get no new requests and go when their last lease and connection end.
    package func replacePeers(with peers: [PeerSpecification]) -> MembershipChange {
        state.withLock { state in
            let removed = state.replacePeers(with: peers)
            return MembershipChange(removed: removed, wake: state.wakeAll())
        }
    }

    /// The members as last given, in order.
    package var peers: [PeerSpecification] { state.withLock { $0.peers.map(\.specification) } }

    package var peerCount: Int { state.withLock { $0.peers.count } }

    package func statistics(now: Milliseconds) -> GroupStatistics {
        state.withLock { $0.statistics(now: now) }
    }
}
