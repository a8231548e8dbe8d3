import Balancing
import TestSupport
import Testing

struct RoundRobinTests {
    @Test(arguments: [
        ([1, 1, 1], "a b c a b c"),
        ([5, 1, 1], "a a b a c a a"),  // the example in a comment of nginx's source
        ([2, 1], "a b a a b a"),
        ([1, 2, 3], "c b a c b c"),
        ([1], "a a a"),
    ])
    func `The order is nginx's smooth weighted round robin`(weights: [Int], sequence: String) {
        let group = PeerGroup(
            zip(["a", "b", "c"], weights).map { PeerSpecification(address: $0, weight: $1) })
        #expect(group.addresses(sequence.split(separator: " ").count) == sequence)
    }

    @Test(arguments: 0..<50)
    func `Over a full cycle each peer gets exactly its weight, and the cycle repeats`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let peers = (0..<Int.random(in: 2...9, using: &random)).map {
            PeerSpecification(address: "\($0)", weight: .random(in: 1...20, using: &random))
        }
        let cycle = peers.reduce(0) { $0 + $1.weight }
        let group = PeerGroup(peers)
        let first = (0..<cycle).map { _ in group.address() ?? "-" }
        for peer in peers { #expect(first.count { $0 == peer.address } == peer.weight) }
        #expect((0..<cycle).map { _ in group.address() ?? "-" } == first)
    }

    @Test func `A peer marked down is never chosen`() {
        let group = PeerGroup([.init(address: "a", isDown: true), .init(address: "b"), .init(address: "c")])
        #expect(group.addresses(4) == "b c b c")
    }

    @Test func `Backups are chosen only while no primary peer is usable`() {
        let group = PeerGroup([
            .init(address: "a"), .init(address: "x", isBackup: true), .init(address: "y", isBackup: true),
        ])
        #expect(group.addresses(3) == "a a a")
        #expect(group.address(now: 1_000, .failure) == "a")
        #expect(group.addresses(3, now: 1_000) == "x y x")
        #expect(group.address(now: 11_001) == "a")
    }

    @Test func `If the primary peers are busy, a backup is chosen, as in nginx`() throws {
        let group = PeerGroup([.init(address: "a", maxConns: 1), .init(address: "x", isBackup: true)])
        let first = try #require(group.lease())
        #expect(first.peer.address == "a")
        #expect(group.address() == "x")
        group.end(first)
        #expect(group.address() == "a")
    }

    @Test func `A retry gets another peer, and none if all have been tried`() {
        let group = PeerGroup([.init(address: "a", maxFails: 0), .init(address: "b", maxFails: 0)])
        var tried = TriedPeers()
        #expect(group.pick(loop: 0, now: 0, tried: &tried).name == "a")
        #expect(group.pick(loop: 0, now: 0, tried: &tried).name == "b")
        #expect(group.pick(loop: 0, now: 0, tried: &tried).name == "none usable")
        #expect(tried.count == 2)
    }

    @Test func `A group without peers has no usable peer`() {
        var tried = TriedPeers()
        #expect(PeerGroup([]).pick(loop: 0, now: 0, tried: &tried).name == "none usable")
    }

    @Test func `Strategy names may have hyphens or underscores`() {
        #expect(BalancingStrategy(parsing: "round-robin") == .roundRobin)
        #expect(BalancingStrategy(parsing: "round_robin") == .roundRobin)
        #expect(BalancingStrategy(parsing: "least_connections") == .leastConnections)
        #expect(BalancingStrategy(parsing: "least-connections") == .leastConnections)
        for name in ["", "fastest", "Round-Robin", "round-robin-", "least_conn"] {
            #expect(BalancingStrategy(parsing: name) == nil)
        }
    }
}
