import Balancing
import Testing

struct LeastConnectionsTests {
    /// Each row: the active requests of the peers, their weights, and the peer that must be chosen next.
    @Test(arguments: [
        ([2, 1, 3], [1, 1, 1], "b"),
        ([1, 0, 0], [1, 1, 1], "b"),
        ([2, 1, 1], [4, 1, 1], "a"),  // 2/4 is less than 1/1
        ([4, 1, 2], [4, 1, 2], "a"),  // all equal: round robin begins with the heaviest
        ([3, 1, 1], [2, 1, 1], "b"),
    ])
    func `The smallest load in proportion to its weight is next`(loads: [Int], weights: [Int], next: String) throws {
        let names = ["a", "b", "c"]
        let group = PeerGroup([], strategy: .leastConnections)
        var leases: [Lease] = []
        // Create the load of each peer while the others are down.
        for (index, load) in loads.enumerated() where load > 0 {
            _ = group.replacePeers(
                with: names.indices.map {
                    PeerSpecification(address: names[$0], weight: weights[$0], isDown: $0 != index)
                })
            for _ in 0..<load { leases.append(try #require(group.lease())) }
        }
        _ = group.replacePeers(
            with: names.indices.map { PeerSpecification(address: names[$0], weight: weights[$0]) })
        #expect(group.address() == next)
    }

    @Test func `Equal loads alternate by weight`() {
        let group = PeerGroup(
            [.init(address: "a", weight: 5), .init(address: "b"), .init(address: "c")], strategy: .leastConnections)
        #expect(group.addresses(7) == "a a b a c a a")
    }

    @Test func `Long requests are spread evenly`() throws {
        let group = PeerGroup(
            ["a", "b", "c"].map { PeerSpecification(address: $0) }, strategy: .leastConnections)
        for _ in 0..<9 { _ = try #require(group.lease()) }
        #expect(group.statistics(now: 0).peers.map(\.active) == [3, 3, 3])
    }

    @Test func `A changed strategy applies to the next request`() throws {
        let group = PeerGroup(["a", "b"].map { PeerSpecification(address: $0) })
        _ = try #require(group.lease())  // `a` stays busy
        #expect(group.addresses(3) == "b a b")
        group.strategy = .leastConnections
        #expect(group.addresses(3) == "b b b")
        #expect(group.statistics(now: 0).strategy == .leastConnections)
    }
}
