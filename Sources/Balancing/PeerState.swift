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
    private(set) var checked = PeerState.never

    /// Leases under way.
    var active = 0
    /// Open connections, busy and idle.
    var connections = 0
    /// Idle connections of each loop.
    var idle: [Int]

    var requests = 0
    var failures = 0

    /// Of recent responses, in microseconds; 0: there was none yet.
    private(set) var averageToHead: Int64 = 0
    private(set) var averageToEnd: Int64 = 0
    private(set) var responseTimes = TimeHistogram()

    /// Of each active check of the group.
    var checks: [CheckState] = []
    /// All of them find it healthy, or there are none.
    var passesChecks = true
    var checksPassed = 0
    var checksFailed = 0
    var outlier = OutlierState()

    /// Since when the weight grows, while it does (`slow_start`).
    private(set) var rampStart = PeerState.never

    /// How often a peer that is out after failures is tried while no other is usable.
    static let lastResortInterval: Milliseconds = 100

    /// Far before every time, and far from overflow.
    private static let never = Milliseconds.min / 4

    init(peer: Peer, specification: PeerSpecification, loops: Int) {
        self.peer = peer
        self.specification = specification
        effectiveWeight = specification.weight
        idle = Array(repeating: 0, count: loops)
    }

    var idleCount: Int { idle.reduce(0, +) }

    /// Marked down, or found unhealthy by a check: it gets no request, even where it is the only one.
    var isOut: Bool { specification.isDown || !passesChecks }

    /// Neither out, nor ejected, nor left alone after failures. After `failTimeout` one pick is let through as a probe.
    func isHealthy(at now: Milliseconds) -> Bool {
        guard !isOut, !outlier.isEjected(at: now) else { return false }
        return specification.maxFails == 0 || fails < specification.maxFails
            || now - checked > specification.failTimeout
    }

    /// May be asked where nobody else can be.
    func isLastResort(at now: Milliseconds) -> Bool {
        !specification.isDown && !isAtMaxConns && now - checked >= PeerState.lastResortInterval
    }

    var isAtMaxConns: Bool { specification.maxConns > 0 && active >= specification.maxConns }

    /// Chosen by a policy: a period that is over ends here, and with it the next probe is `failTimeout` away.
    mutating func startCheck(at now: Milliseconds) {
        if now - checked > specification.failTimeout { checked = now }
    }

    /// Chosen before its time is over: the next one waits for this one's outcome, or for the interval.
    mutating func startLastResort(at now: Milliseconds) { checked = now }

    /// In units of 1/256, so that a growing weight has steps.
    func scaledWeight(_ weight: Int, at now: Milliseconds) -> Int {
        guard rampStart != PeerState.never, specification.slowStart > 0 else { return weight << 8 }
        let share = min(256, max(1, (now - rampStart) * 256 / specification.slowStart))
        return weight * Int(share)
    }

    func fullWeight(at now: Milliseconds) -> Int { scaledWeight(specification.weight, at: now) }

    /// It is back: with `slow_start` its weight grows from now on.
    mutating func startRamp(at now: Milliseconds) {
        if specification.slowStart > 0 { rampStart = now }
    }

    /// Each counts an eighth, as in TCP's round-trip times (RFC 6298).
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

    /// The peer is live again if it was picked after its last failure's period was over.
    mutating func countSuccess(at now: Milliseconds) {
        guard accessed < checked else { return }
        if specification.maxFails > 0, fails >= specification.maxFails { startRamp(at: now) }
        fails = 0
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
