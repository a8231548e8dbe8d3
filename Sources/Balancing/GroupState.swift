/// The state of a peer group, and the code that decides for the group. ``PeerGroup`` adds the lock.
struct GroupState {
    var strategy: BalancingStrategy {
        didSet { makeRing() }
    }
    /// The peers in the order of the configuration.
    var peers: [PeerState] = []
    /// Removed peers that still have leases or connections.
    private(set) var draining: [PeerState] = []
    var queue: WaitQueue
    /// How long requests were queued.
    var waits = TimeHistogram()
    /// The active health checks.
    var checkRules: [HealthCheckRule] = []
    var outliers: OutlierDetection?
    /// When the current interval of outlier detection began.
    var intervalStart = Milliseconds.min / 4
    var random: RandomChoice
    /// The hash ring for ``BalancingStrategy/consistentHash``.
    private(set) var ring = HashRing()
    private var nextID = 0
    private let loops: Int

    init(
        _ specifications: [PeerSpecification], strategy: BalancingStrategy, loops: Int, queueLimit: Int,
        random: RandomChoice = RandomChoice()
    ) {
        self.random = random
        self.strategy = strategy
        self.loops = loops
        queue = WaitQueue(limit: queueLimit, loops: loops)
        replacePeers(with: specifications)
    }

    private mutating func makeRing() {
        ring = strategy == .consistentHash ? HashRing(peers) : HashRing()
    }

    // MARK: Connections and the end of leases

    mutating func anotherConnection(for lease: Lease, after end: ConnectionEnd) -> ConnectionSource {
        withPeer(of: lease) { peer in
            if case .closed = end { peer.connections -= 1 }
            return peer.takeConnection(for: lease.loop)
        } ?? .open
    }

    mutating func idleConnectionClosed(_ peer: Peer, loop: Int) {
        withPeer(peer) { peer in
            peer.idle[loop] -= 1
            peer.connections -= 1
        }
        dropDrained()
    }

    mutating func finish(
        _ lease: Lease, _ outcome: LeaseOutcome, connection: ConnectionEnd, now: Milliseconds, times: ResponseTimes?,
        isError: Bool
    ) -> FinishedLease {
        let isSingle = peers.count == 1
        let isMember = isCurrent(lease)
        let keepsConnection =
            withPeer(of: lease) { peer in
                peer.active -= 1
                if let times { peer.count(times) }
                switch outcome {
                case .failure:
                    peer.failures += 1
                    if !isSingle { peer.countFailure(at: now) }
                case .success: peer.countSuccess(at: now)
                case .unknown: break
                }
                return peer.endConnection(connection, of: lease.loop, isMember: isMember)
            } ?? false
        var ejections: [Ejection] = []
        if let outliers, isMember, outcome != .unknown || isError,
            let index = peers.firstIndex(where: { $0.peer === lease.peer })
        {
            ejections = recordForOutlierDetection(
                index, isError: isError || outcome == .failure, toHead: times?.toHead, outliers, now: now)
        }
        if !isMember { dropDrained() }
        return FinishedLease(keepsConnection: keepsConnection, wake: popLoopToWake(now: now), ejections: ejections)
    }

    // MARK: The queue

    /// Removes the first queued request and returns its loop. Removes nothing and returns nil if no request is queued,
    /// or if usable peers exist but all of them are at `max_conns`. If no usable peer exists, the request is removed,
    /// so that it can fail.
    mutating func popLoopToWake(now: Milliseconds) -> Int? {
        guard queue.count > 0 else { return nil }
        let isAnyBusy = peers.contains { $0.isAtMaxConns && isUsable($0, now: now) }
        let isAnyFree = peers.contains { !$0.isAtMaxConns && isUsable($0, now: now) }
        return isAnyBusy && !isAnyFree ? nil : queue.popFirst()
    }

    mutating func leaveQueue(loop: Int) -> Bool { queue.abandon(loop) }

    mutating func wakeAll() -> [Int] {
        var loops: [Int] = []
        while let loop = queue.popFirst() { loops.append(loop) }
        return loops
    }

    func isUsable(_ peer: PeerState, now: Milliseconds) -> Bool {
        peers.count == 1 ? !peer.isDownOrUnhealthy : peer.isHealthy(at: now)
    }

    // MARK: Membership

    /// - Returns: the peers that are no longer members
    @discardableResult
    mutating func replacePeers(with specifications: [PeerSpecification]) -> [Peer] {
        var leaving = peers + draining
        peers = specifications.map { specification in
            let match = leaving.firstIndex {
                $0.specification.address == specification.address
                    && $0.specification.isBackup == specification.isBackup
            }
            if let match {
                var peer = leaving.remove(at: match)
                peer.update(to: specification)
                return peer
            }
            defer { nextID += 1 }
            var peer = PeerState(
                peer: Peer(id: nextID, address: specification.address), specification: specification, loops: loops)
            peer.take(checkRules)
            return peer
        }
        draining = leaving
        makeRing()
        dropDrained()
        return leaving.map(\.peer)
    }

    private mutating func dropDrained() {
        draining.removeAll { $0.active == 0 && $0.connections == 0 }
    }

    private func isCurrent(_ lease: Lease) -> Bool {
        if lease.index < peers.count, peers[lease.index].peer === lease.peer { return true }
        return peers.contains { $0.peer === lease.peer }
    }

    @discardableResult
    private mutating func withPeer<Result>(of lease: Lease, _ body: (inout PeerState) -> Result) -> Result? {
        if lease.index < peers.count, peers[lease.index].peer === lease.peer { return body(&peers[lease.index]) }
        return withPeer(lease.peer, body)
    }

    @discardableResult
    private mutating func withPeer<Result>(_ peer: Peer, _ body: (inout PeerState) -> Result) -> Result? {
        if let index = peers.firstIndex(where: { $0.peer === peer }) { return body(&peers[index]) }
        if let index = draining.firstIndex(where: { $0.peer === peer }) { return body(&draining[index]) }
        return nil
    }
}
