/// What a group knows of one peer: nginx's `ngx_http_upstream_rr_peer_t`.
struct PeerState {
    let peer: Peer
    var specification: PeerSpecification

    /// Smooth weighted round robin's running value.
    var currentWeight = 0
    /// `weight` less what failures cost; creeps back by 1 a pick.
    var effectiveWeight: Int

    /// Failures of the current period.
    private(set) var fails = 0
    /// The last failure.
    private var accessed = PeerState.never
    /// The start of the current period: the last failure, or the first pick after `failTimeout` of quiet.
    private var checked = PeerState.never

    /// Leases under way.
    var active = 0
    /// Open connections, busy and idle.
    var connections = 0
    /// Idle connections of each loop.
    var idle: [Int]

    var requests = 0
    var failures = 0

    /// Far before every time, and far from overflow.
    private static let never = Milliseconds.min / 4

    init(peer: Peer, specification: PeerSpecification, loops: Int) {
        self.peer = peer
        self.specification = specification
        effectiveWeight = specification.weight
        idle = Array(repeating: 0, count: loops)
    }

    var idleCount: Int { idle.reduce(0, +) }

    /// Neither marked down nor out after failures. After `failTimeout` one pick is let through as a probe.
    func isHealthy(at now: Milliseconds) -> Bool {
        guard !specification.isDown else { return false }
        return specification.maxFails == 0 || fails < specification.maxFails
            || now - checked > specification.failTimeout
    }

    var isAtMaxConns: Bool { specification.maxConns > 0 && active >= specification.maxConns }

    /// Chosen by a policy: a period that is over ends here, and with it the next probe is `failTimeout` away.
    mutating func startCheck(at now: Milliseconds) {
        if now - checked > specification.failTimeout { checked = now }
    }

    mutating func countFailure(at now: Milliseconds) {
        fails += 1
        accessed = now
        checked = now
        if specification.maxFails > 0 {
            effectiveWeight = max(0, effectiveWeight - specification.weight / specification.maxFails)
        }
    }

    /// The peer is live again if it was picked after its last failure's period was over.
    mutating func countSuccess() {
        if accessed < checked { fails = 0 }
    }

    /// Takes over changed numbers of a peer that stays.
    mutating func update(to specification: PeerSpecification) {
        if specification.weight != self.specification.weight {
            effectiveWeight = specification.weight
            currentWeight = 0
        }
        self.specification = specification
    }
}
