internal import Balancing
internal import DequeModule
internal import Reactor

/// One loop's side of an upstream: its idle connections to each peer, and its requests that wait for a place.
final class LoopUpstream {
    let loop: BalancerLoop
    let shared: SharedUpstream
    private var pools: [Int: PeerPool] = [:]
    private var idleCount = 0
    private var waiting: Deque<UpstreamRequest> = []

    final class PeerPool {
        let address: SocketAddress?
        /// The last one used is used next: the others age and go.
        var idle: [UpstreamConnection] = []
        /// The peer went. Connections that were in use then still name this one, and the peer may have come again.
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

    /// How long the connection may stay open idle; nil: it is to be closed.
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

    /// An idle connection was closed by the peer, or has been idle for too long.
    func lost(_ connection: UpstreamConnection) {
        let pool = connection.pool
        guard let position = pool.idle.firstIndex(where: { $0 === connection }) else { return }
        pool.idle.remove(at: position)
        idleCount -= 1
        shared.group.idleConnectionClosed(connection.peer, loop: loop.index)
    }

    /// Another loop needs the place of an idle connection.
    func giveUpIdle(_ peer: Peer) {
        guard let connection = pool(of: peer).idle.first else { return }
        connection.closeIdle()
    }

    /// The peer is no member any more.
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

    /// A request gives its place in the queue up.
    func leave(_ request: UpstreamRequest) {
        guard let position = waiting.firstIndex(where: { $0 === request }) else { return }
        waiting.remove(at: position)
        // Where its turn was under way already, the wake-up that comes finds another of ours, or is passed on.
        shared.group.leaveQueue(loop: loop.index)
    }

    func wakeFirst() {
        guard let request = waiting.popFirst() else {
            loop.wake(shared.group.forwardWake(now: loop.milliseconds), for: shared)
            return
        }
        request.dequeued()
    }

    /// A request that was told to choose and must wait on stays the first of its loop.
    func waitInFront(_ request: UpstreamRequest) { waiting.prepend(request) }
}
