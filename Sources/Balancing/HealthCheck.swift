internal import Synchronization

/// An active health check as its group counts by it (`health_check` of nginx's commercial version).
package struct HealthCheckRule: Sendable, Hashable {
    /// Unique in its group. What is known of the peers is kept by it when the rules change.
    package let name: String
    /// So many checks failed in a row make a peer unhealthy. At least 1.
    package let fails: Int
    /// So many passed in a row make it healthy again. At least 1.
    package let passes: Int
    /// A new peer gets no requests before its first check has passed.
    package let isMandatory: Bool

    package init(name: String, fails: Int = 1, passes: Int = 1, isMandatory: Bool = false) {
        self.name = name
        self.fails = max(1, fails)
        self.passes = max(1, passes)
        self.isMandatory = isMandatory
    }
}

/// What active checks say of a peer; of several checks the worst.
package enum CheckedHealth: String, Sendable, Hashable {
    case healthy
    /// The first check of a mandatory one is still to come.
    case checking
    case unhealthy
}

/// The results of one check of one peer.
struct CheckState {
    let rule: HealthCheckRule
    private(set) var health: CheckedHealth
    /// Results in a row that speak against ``health``.
    private var run = 0

    init(_ rule: HealthCheckRule) {
        self.rule = rule
        health = rule.isMandatory ? .checking : .healthy
    }

    /// With changed numbers the state stays.
    init(_ rule: HealthCheckRule, continuing old: CheckState) {
        self.rule = rule
        health = old.health
        run = old.run
    }

    /// - Returns: whether the health changed
    mutating func count(hasPassed: Bool) -> Bool {
        let next: CheckedHealth = hasPassed ? .healthy : .unhealthy
        guard next != health else {
            run = 0
            return false
        }
        run += 1
        // The first result of all decides at once.
        guard health == .checking || run >= (hasPassed ? rule.passes : rule.fails) else { return false }
        health = next
        run = 0
        return true
    }
}

/// What a counted check has changed.
package struct CheckResult: Sendable {
    /// nil: nothing. Else what this check says of the peer now.
    package let change: CheckedHealth?
    /// A loop to tell that its oldest waiting request may pick again.
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
        if passesChecks, !didPass, !isNew { startRamp(at: now) }
        return checks[index].health
    }
}

extension GroupState {
    mutating func setChecks(_ rules: [HealthCheckRule]) {
        checkRules = rules
        for index in peers.indices { peers[index].take(rules) }
    }

    /// A place at the peer for a check. It counts against `max_conns` like a request's, and in no statistics.
    /// - Returns: nil: every place is taken by requests
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
        return CheckResult(change: change, wake: change == nil ? nil : nextToWake(now: now))
    }
}

extension PeerGroup {
    /// Replaces the active checks. Peers keep what those of the same names have found.
    package func setChecks(_ rules: [HealthCheckRule]) { state.withLock { $0.setChecks(rules) } }

    /// The peers to check: all members but those that are marked down.
    package var checkedPeers: [Peer] { state.withLock { $0.peers.filter { !$0.specification.isDown }.map(\.peer) } }

    /// - Returns: nil: no place is free, or the peer is no member any more. To be ended with
    ///   ``finish(_:_:connection:now:times:isError:)`` as `.unknown`.
    package func leaseForCheck(_ peer: Peer, loop: Int) -> Lease? {
        state.withLock { $0.leaseForCheck(peer, loop: loop) }
    }

    package func countCheck(of peer: Peer, by name: String, hasPassed: Bool, now: Milliseconds) -> CheckResult {
        state.withLock { $0.countCheck(of: peer, by: name, hasPassed: hasPassed, now: now) }
    }
}
