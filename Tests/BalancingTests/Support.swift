import Synchronization
import Testing

@testable import Balancing

/// Shorthand for tests that look only at the chosen peer.
extension PeerGroup {
    convenience init(
        _ peers: [PeerSpecification], strategy: BalancingStrategy = .roundRobin, loops: Int = 1, queueLimit: Int = 0
    ) {
        self.init(name: "test", peers: peers, strategy: strategy, loops: loops, queueLimit: queueLimit)
    }

    /// Picks a peer for a new request. Returns nil if no peer can be picked.
    func lease(now: Milliseconds = 0, loop: Int = 0) -> Lease? {
        var tried = TriedPeers()
        guard case .peer(let lease) = pick(loop: loop, now: now, tried: &tried) else { return nil }
        return lease
    }

    @discardableResult
    func end(_ lease: Lease, _ outcome: LeaseOutcome = .success, now: Milliseconds = 0) -> FinishedLease {
        finish(lease, outcome, connection: .closed, now: now)
    }

    /// Picks a peer, ends the lease at once, and returns the peer's address.
    func address(now: Milliseconds = 0, _ outcome: LeaseOutcome = .success) -> String? {
        guard let lease = lease(now: now) else { return nil }
        end(lease, outcome, now: now)
        return lease.peer.address
    }

    func addresses(_ count: Int, now: Milliseconds = 0) -> String {
        (0..<count).map { _ in address(now: now) ?? "-" }.joined(separator: " ")
    }

    func effectiveWeight(of address: String) -> Int? {
        state.withLock { $0.peers.first { $0.peer.address == address }?.effectiveWeight }
    }

    func statistics(of address: String, now: Milliseconds = 0) throws -> PeerStatistics {
        try #require(statistics(now: now).peers.first { $0.peer.address == address })
    }
}

extension Pick {
    var lease: Lease? {
        if case .peer(let lease) = self { return lease }
        return nil
    }

    var name: String {
        switch self {
        case .peer(let lease): lease.peer.address
        case .queued: "queued"
        case .allBusy: "all busy"
        case .noneUsable: "none usable"
        }
    }
}

/// A rate as nginx's configuration writes it: `100r/s`, `100r/m`, `0.5r/s`.
func requestRate(_ text: String) -> RequestRate {
    let seconds = text.hasSuffix("r/m") ? 60 : 1
    if let whole = Int(text.dropLast(3)) { return RequestRate(requests: whole, per: seconds)! }
    return RequestRate(millionthsPerSecond: Int64(Double(text.dropLast(3))! * 1_000_000) / Int64(seconds))!
}

extension RequestZone {
    /// The number of keys in memory, including those with an empty bucket.
    var keyCount: Int { shards.reduce(0) { $0 + $1.table.withLock(\.count) } }
}

extension ConnectionZone {
    /// The number of keys in memory.
    var keyCount: Int { shards.reduce(0) { $0 + $1.counts.withLock(\.count) } }
}
