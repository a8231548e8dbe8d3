internal import Balancing
internal import DequeModule
internal import Reactor

/// One loop's side of an upstream: its idle connections to each peer, and its queued requests.
final class LoopUpstream {
    let loop: BalancerLoop
    let shared: SharedUpstream
    private var pools: [Int: PeerPool] = [:]
    private var idleCount = 0
    private var waiting: Deque<UpstreamRequest> = []

    final class PeerPool {
        let address: SocketAddress?
        /// The idle connections. The last one is used first, so that the oldest ones reach their timeout.
        var idle: [UpstreamConnection] = []
        /// Whether the peer was removed. Connections that were in use at that time still refer to this pool. If the
        /// peer was added again, it has a new pool.
        var isRetired = false

        init(address: SocketAddress?) { self.address = address }
    }

    init(loop: BalancerLoop, shared: SharedUpstream) {
        self.loop = loop
        self.shared = shared
    }

    private func pool(of peer: Peer) -> PeerPool {
        if let pool = pools[peer.id] { return pool }
        let pool = PeerPool(address: SocketAddress(peer.address))
        pools[peer.id] = pool
        return pool
    }

    // MARK: Connections

    func takeIdle(_ peer: Peer) -> UpstreamConnection? {
        guard let connection = pool(of: peer).idle.popLast() else { return nil }
        idleCount -= 1
        return connection
    }

    func open(_ peer: Peer) throws(SystemError) -> UpstreamConnection {
        let pool = pool(of: peer)
        guard let address = pool.address else { throw SystemError("connect", code: 22, subject: peer.address) }
        return try UpstreamConnection(upstream: self, peer: peer, pool: pool, address: address)
    }

    /// How long the connection may stay idle; nil if it must be closed now.
    func idleTime(of connection: UpstreamConnection) -> Duration? {
        let limits = shared.keepalive
        guard idleCount < limits.count, !loop.isDraining, connection.requests < limits.requests,
            loop.events.now - connection.openedAt <= limits.time
        else { return nil }
        return limits.timeout
    }

    func keep(_ connection: UpstreamConnection) {
        if connection.pool.isRetired { connection.pool = pool(of: connection.peer) }
        connection.pool.idle.append(connection)
        idleCount += 1
    }

    /// Removes an idle connection that the peer has closed or that has been idle for too long.
    func lost(_ connection: UpstreamConnection) {
        let pool = connection.pool
        guard let position = pool.idle.firstIndex(where: { $0 === connection }) else { return }
        pool.idle.remove(at: position)
        idleCount -= 1
        shared.group.idleConnectionClosed(connection.peer, loop: loop.index)
    }

    /// Closes an idle connection to the peer, so that another loop can open one within `max_conns`.
    func giveUpIdle(_ peer: Peer) {
        guard let connection = pool(of: peer).idle.first else { return }
        connection.closeIdle()
    }

    /// Closes the idle connections to a peer that is no longer a member.
    func removed(_ peer: Peer) {
        while let connection = pools[peer.id]?.idle.first { connection.closeIdle() }
        pools.removeValue(forKey: peer.id)?.isRetired = true
    }

    func closeAll() {
        for pool in pools.values {
            while let connection = pool.idle.last { connection.closeIdle() }
        }
    }

    // MARK: Waiting

    func wait(_ request: UpstreamRequest) {
        waiting.append(request)
        LoopCounters.add(loop.counters.queued)
    }

    /// Removes a request from the queue.
    func leave(_ request: UpstreamRequest) {
        guard let position = waiting.firstIndex(where: { $0 === request }) else { return }
        waiting.remove(at: position)
        // A wake-up for the request may already be on its way. When the wake-up arrives, this loop wakes another of its
        // queued requests, or passes the wake-up on to another loop.
        shared.group.leaveQueue(loop: loop.index)
    }

    func wakeFirst() {
        guard let request = waiting.popFirst() else {
            loop.wake(shared.group.forwardWake(now: loop.milliseconds), for: shared)
            return
        }
        request.dequeued()
    }

    /// Puts a request back to the front of the queue: it was woken, but all peers are busy again.
    func waitInFront(_ request: UpstreamRequest) { waiting.prepend(request) }
}
