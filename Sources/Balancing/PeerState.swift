/// The state of one peer in its group, like nginx's `ngx_http_upstream_rr_peer_t`.
struct PeerState {
    let peer: Peer
    var specification: PeerSpecification

    /// The running value of smooth weighted round robin.
    var currentWeight = 0
    /// `weight` minus a penalty for failures. Each choice for which the peer is a candidate reduces the penalty by 1.
    var effectiveWeight: Int

    /// Failures in the current `failTimeout` period.
    private(set) var fails = 0
    /// The time of the last failure.
    private var accessed = PeerState.never
    /// When the current `failTimeout` period began: at the last failure, or at the first pick after the end of the
    /// previous period.
    private(set) var checked = PeerState.never

    /// The number of leases that have not ended.
    var active = 0
    /// The number of open connections, busy and idle.
    var connections = 0
    /// The number of idle connections of each loop.
    var idle: [Int]

    var requests = 0
    var failures = 0

    /// Moving averages of the times to the response's head and to its end, in microseconds; 0: no response yet.
    private(set) var averageToHead: Int64 = 0
    private(set) var averageToEnd: Int64 = 0
    private(set) var responseTimes = TimeHistogram()

    /// The state of each active check of the group.
    var checks: [CheckState] = []
    /// True if all active checks find the peer healthy, or if there are no active checks.
    var passesChecks = true
    var checksPassed = 0
    var checksFailed = 0
    var outlier = OutlierState()

    /// When the weight began to grow (`slow_start`).
    private(set) var slowStartBegin = PeerState.never

    /// While no peer is usable, a failed peer gets at most one probe request in this time.
    static let probeInterval: Milliseconds = 100

    /// A time that is earlier than any real time. Differences to it do not overflow.
    private static let never = Milliseconds.min / 4

    init(peer: Peer, specification: PeerSpecification, loops: Int) {
        self.peer = peer
        self.specification = specification
        effectiveWeight = specification.weight
        idle = Array(repeating: 0, count: loops)
    }

    var idleCount: Int { idle.reduce(0, +) }

    /// Whether the peer is marked `down`, or an active check has not found it healthy. If so, the peer is not usable,
    /// even if it is the only peer of the group.
    var isDownOrUnhealthy: Bool { specification.isDown || !passesChecks }

    /// Whether the peer may be chosen. After `maxFails` failures, it may be chosen again when `failTimeout` is over.
    /// The next request is then a probe.
    func isHealthy(at now: Milliseconds) -> Bool {
        guard !isDownOrUnhealthy, !outlier.isEjected(at: now) else { return false }
        return specification.maxFails == 0 || fails < specification.maxFails
            || now - checked > specification.failTimeout
    }

    /// Whether a request that waits for a healthy peer may probe this peer, although it is not healthy.
    func mayBeProbed(at now: Milliseconds) -> Bool {
        !specification.isDown && !isAtMaxConns && now - checked >= PeerState.probeInterval
    }

    var isAtMaxConns: Bool { specification.maxConns > 0 && active >= specification.maxConns }

    /// Call it when the peer is picked. If the `failTimeout` period is over, this starts a new period. So the next
    /// probe comes only after `failTimeout`.
    mutating func startFailPeriod(at now: Milliseconds) {
        if now - checked > specification.failTimeout { checked = now }
    }

    /// Starts a probe. No other request may probe the peer before `probeInterval` is over.
    mutating func startProbe(at now: Milliseconds) { checked = now }

    /// The weight, reduced during slow start. It is in units of 1/256, so that it can grow in small steps.
    func scaledWeight(_ weight: Int, at now: Milliseconds) -> Int {
        guard slowStartBegin != PeerState.never, specification.slowStart > 0 else { return weight << 8 }
        let share = min(256, max(1, (now - slowStartBegin) * 256 / specification.slowStart))
        return weight * Int(share)
    }

    func fullWeight(at now: Milliseconds) -> Int { scaledWeight(specification.weight, at: now) }

    /// Call it when the peer has recovered. Begins slow start, if the peer has `slow_start`.
    mutating func beginSlowStart(at now: Milliseconds) {
        if specification.slowStart > 0 { slowStartBegin = now }
    }

    /// Adds the times of a response to the averages. A new time counts 1/8, as for TCP's round-trip time (RFC 6298,
    /// 2.3).
    mutating func count(_ times: ResponseTimes) {
        averageToHead = averageToHead == 0 ? max(1, times.toHead) : averageToHead + (times.toHead - averageToHead) / 8
        averageToEnd = averageToEnd == 0 ? max(1, times.toEnd) : averageToEnd + (times.toEnd - averageToEnd) / 8
        responseTimes.add(times.toEnd)
    }

    mutating func countFailure(at now: Milliseconds) {
        fails += 1
        accessed = now
        checked = now
        if specification.maxFails > 0 {
            effectiveWeight = max(0, effectiveWeight - specification.weight / specification.maxFails)
        }
    }

    /// Clears the failures if the peer was picked after the `failTimeout` period of the last failure.
    mutating func countSuccess(at now: Milliseconds) {
        guard accessed < checked else { return }
        if specification.maxFails > 0, fails >= specification.maxFails { beginSlowStart(at: now) }
        fails = 0
    }

    /// Applies a changed configuration to a peer that stays a member.
    mutating func update(to specification: PeerSpecification) {
        if specification.weight != self.specification.weight {
            effectiveWeight = specification.weight
            currentWeight = 0
        }
        self.specification = specification
    }
}
