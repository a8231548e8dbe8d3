internal import Synchronization

/// The rule by which the results of an active health check make a peer unhealthy, or healthy again (nginx Plus's
/// `health_check`).
package struct HealthCheckRule: Sendable, Hashable {
    /// Unique in its group. When the rules change, a check that keeps its name keeps its results.
    package let name: String
    /// A peer is unhealthy after this many failed checks in a row; at least 1.
    package let fails: Int
    /// A peer is healthy again after this many passed checks in a row; at least 1.
    package let passes: Int
    /// If true, a new peer gets no requests until it has passed its first check.
    package let isMandatory: Bool

    package init(name: String, fails: Int = 1, passes: Int = 1, isMandatory: Bool = false) {
        self.name = name
        self.fails = max(1, fails)
        self.passes = max(1, passes)
        self.isMandatory = isMandatory
    }
}

/// The health of a peer according to its active checks. If the checks have different results, the worst one counts.
package enum CheckedHealth: String, Sendable, Hashable {
    case healthy
    /// A mandatory check has no result yet.
    case checking
    case unhealthy
}

/// The results of one check for one peer.
struct CheckState {
    let rule: HealthCheckRule
    private(set) var health: CheckedHealth
    /// The number of results in a row that contradict ``health``.
    private var contradictions = 0

    init(_ rule: HealthCheckRule) {
        self.rule = rule
        health = rule.isMandatory ? .checking : .healthy
    }

    /// Creates the state of a check whose rule has changed. It keeps the health and the counted results of `old`.
    init(_ rule: HealthCheckRule, continuing old: CheckState) {
        self.rule = rule
        health = old.health
        contradictions = old.contradictions
    }

    /// - Returns: whether the health has changed
    mutating func count(hasPassed: Bool) -> Bool {
        let next: CheckedHealth = hasPassed ? .healthy : .unhealthy
        guard next != health else {
            contradictions = 0
            return false
        }
        contradictions += 1
        // The first result of a mandatory check decides at once. Every later change needs `passes` or `fails` results
        // in a row.
        guard health == .checking || contradictions >= (hasPassed ? rule.passes : rule.fails) else { return false }
        health = next
        contradictions = 0
        return true
    }
}

/// The effect of a check's result.
package struct CheckResult: Sendable {
    /// The new health of the peer according to this check; nil: unchanged.
    package let change: CheckedHealth?
    /// The loop to wake, so that its oldest queued request picks a peer; nil: none.
    package let wake: Int?
}

extension PeerState {
    var checkedHealth: CheckedHealth? {
        if checks.isEmpty { return nil }
        if checks.contains(where: { $0.health == .unhealthy }) { return .unhealthy }
        return checks.contains { $0.health == .checking } ? .checking : .healthy
    }

    mutating func take(_ rules: [HealthCheckRule]) {
        let old = checks
        checks = rules.map { rule in
            old.first { $0.rule.name == rule.name }.map { CheckState(rule, continuing: $0) } ?? CheckState(rule)
        }
        passesChecks = checks.allSatisfy { $0.health == .healthy }
    }

    mutating func countCheck(_ name: String, hasPassed: Bool, at now: Milliseconds) -> CheckedHealth? {
        guard let index = checks.firstIndex(where: { $0.rule.name == name }) else { return nil }
        if hasPassed { checksPassed += 1 } else { checksFailed += 1 }
        let isNew = checks[index].health == .checking
        guard checks[index].count(hasPassed: hasPassed) else { return nil }
        let didPass = passesChecks
        passesChecks = checks.allSatisfy { $0.health == .healthy }
        if passesChecks, !didPass, !isNew { beginSlowStart(at: now) }
        return checks[index].health
    }
}

extension GroupState {
    mutating func setChecks(_ rules: [HealthCheckRule]) {
        checkRules = rules
        for index in peers.indices { peers[index].take(rules) }
    }

    /// Leases the peer for a check. The lease counts against `max_conns`, but not as a request of the peer.
    /// - Returns: nil if the peer is at `max_conns`
    mutating func leaseForCheck(_ peer: Peer, loop: Int) -> Lease? {
        guard let index = peers.firstIndex(where: { $0.peer === peer }), !peers[index].isAtMaxConns else { return nil }
        peers[index].active += 1
        let connection = peers[index].takeNewConnection()
        return Lease(peer: peer, loop: loop, connection: connection, wake: nil, index: index)
    }

    mutating func countCheck(
        of peer: Peer, by name: String, hasPassed: Bool, now: Milliseconds
    ) -> CheckResult {
        guard let index = peers.firstIndex(where: { $0.peer === peer }) else {
            return CheckResult(change: nil, wake: nil)
        }
        let change = peers[index].countCheck(name, hasPassed: hasPassed, at: now)
        return CheckResult(change: change, wake: change == nil ? nil : popLoopToWake(now: now))
    }
}

extension PeerGroup {
    /// Replaces the active checks. A check that keeps its name keeps its results.
    package func setChecks(_ rules: [HealthCheckRule]) { state.withLock { $0.setChecks(rules) } }

    /// The peers to check: all members that are not marked `down`.
    package var checkedPeers: [Peer] { state.withLock { $0.peers.filter { !$0.specification.isDown }.map(\.peer) } }

    /// Leases the peer for a check. End the lease with ``finish(_:_:connection:now:times:isError:)`` and the outcome
    /// `.unknown`.
    /// - Returns: nil if the peer is at `max_conns` or is no longer a member
    package func leaseForCheck(_ peer: Peer, loop: Int) -> Lease? {
        state.withLock { $0.leaseForCheck(peer, loop: loop) }
    }

    package func countCheck(of peer: Peer, by name: String, hasPassed: Bool, now: Milliseconds) -> CheckResult {
        state.withLock { $0.countCheck(of: peer, by: name, hasPassed: hasPassed, now: now) }
    }
}
