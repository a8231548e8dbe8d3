import Balancing
import Testing

/// Choices by a hash, at random, and by response time.
struct HashAndRandomTests {
    private func group(_ strategy: BalancingStrategy, weights: [Int], backup: Bool = false) -> PeerGroup {
        var peers = weights.enumerated().map { PeerSpecification(address: "10.0.0.\($0):90", weight: $1) }
        if backup { peers.append(PeerSpecification(address: "backup", isBackup: true)) }
        return PeerGroup(name: "test", peers: peers, strategy: strategy, loops: 1, seed: 1)
    }

    private func address(_ group: PeerGroup, key: String = "", outcome: LeaseOutcome = .success) -> String? {
        var tried = TriedPeers()
        tried.key = Array(key.utf8)
        guard let lease = group.pick(loop: 0, now: 0, tried: &tried).lease else { return nil }
        group.end(lease, outcome)
        return lease.peer.address
    }

    @Test(arguments: [BalancingStrategy.hash, .consistentHash, .addressHash])
    func `a key always leads to the same peer, and keys spread by weight`(_ strategy: BalancingStrategy) {
        let group = group(strategy, weights: [1, 2, 1])
        var counts: [String: Int] = [:]
        for number in 0..<1000 {
            let key = "k\(number * 7919 % 1000)"
            let first = address(group, key: key)
            #expect(first != nil && address(group, key: key) == first)
            counts[first ?? "", default: 0] += 1
        }
        #expect(counts.count == 3)
        #expect((350...650).contains(counts["10.0.0.1:90"] ?? 0))
    }

    @Test func `a consistent hash moves only the keys of a removed peer`() {
        let group = group(.consistentHash, weights: [1, 1, 1, 1])
        let keys = (0..<500).map { "key \($0)" }
        let before = keys.map { address(group, key: $0) }
        _ = group.replacePeers(
            with: [0, 1, 3].map { PeerSpecification(address: "10.0.0.\($0):90") })
        for (key, old) in zip(keys, before) where old != "10.0.0.2:90" {
            #expect(address(group, key: key) == old)
        }
        #expect(keys.allSatisfy { address(group, key: $0) != "10.0.0.2:90" })
    }

    @Test(arguments: BalancingStrategy.allCases)
    func `retries try every peer once, the backup last`(_ strategy: BalancingStrategy) {
        let group = group(strategy, weights: [1, 5, 2], backup: true)
        for key in ["a", "b", "c", ""] {
            var tried = TriedPeers()
            tried.key = Array(key.utf8)
            var addresses: [String] = []
            while let lease = group.pick(loop: 0, now: 0, tried: &tried).lease {
                addresses.append(lease.peer.address)
                group.end(lease)
            }
            #expect(Set(addresses).count == 4)
            #expect(addresses.last == "backup")
        }
    }

    @Test func `random choices follow the weights`() {
        let group = group(.random, weights: [1, 3])
        let heavy = (0..<2000).count { _ in address(group) == "10.0.0.1:90" }
        #expect((1400...1600).contains(heavy))
    }

    @Test func `random two takes the peer with less load`() {
        let group = group(.randomTwo, weights: [1, 1, 1])
        let busy = (0..<30).compactMap { _ in group.lease() }
        let counts = Dictionary(grouping: busy, by: \.peer.address).mapValues(\.count)
        #expect(counts.values.allSatisfy { (9...11).contains($0) }, "\(counts)")
        for lease in busy { group.end(lease) }
    }

    @Test(arguments: [BalancingStrategy.leastTimeToHead, .leastTimeToEnd])
    func `the faster peer is chosen, unless it has more active requests`(_ strategy: BalancingStrategy) throws {
        let group = group(strategy, weights: [1, 1])
        func answer(_ lease: Lease) {
            let time: Int64 = lease.peer.address == "10.0.0.0:90" ? 30_000 : 10_000
            _ = group.finish(
                lease, .success, connection: .closed, now: 0, times: ResponseTimes(toHead: time, toEnd: time))
        }
        // A peer that has not answered yet has no response time. It is chosen first.
        let first = try [#require(group.lease()), #require(group.lease())]
        #expect(Set(first.map(\.peer)).count == 2)
        for lease in first { answer(lease) }
        for _ in 0..<10 {
            let lease = try #require(group.lease())
            #expect(lease.peer.address == "10.0.0.1:90")
            answer(lease)
        }
        let busy = try (0..<4).map { _ in try #require(group.lease()).peer.address }
        #expect(busy.count { $0 == "10.0.0.1:90" } == 3)
    }

    @Test func `with slow_start, the share of a recovered peer grows`() throws {
        let group = PeerGroup([
            PeerSpecification(address: "a", failTimeout: 1000, slowStart: 10_000),
            PeerSpecification(address: "b", failTimeout: 1000, slowStart: 10_000),
        ])
        func share(at now: Milliseconds) -> Int {
            (0..<100).count { _ in group.address(now: now) == "a" }
        }
        #expect(share(at: 0) == 50)
        // The peer fails, and gets a probe after fail_timeout.
        var failed = false
        while !failed { failed = group.address(now: 0, .failure) == "a" }
        for now in [Milliseconds(5000), 5001] {
            while group.address(now: now) != "a" {}
        }
        let shares = [5100, 7500, 10_000, 16_000].map { share(at: $0) }
        #expect(shares[0] < 10)
        #expect(shares == shares.sorted())
        #expect((45...55).contains(shares[3]))
    }
}
