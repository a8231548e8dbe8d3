import Balancing
import Testing

struct MembershipTests {
    @Test func `A remaining peer keeps its state, and a new peer starts without any`() throws {
        let group = PeerGroup([.init(address: "a"), .init(address: "b")])
        #expect(group.address(now: 0, .failure) == "a")
        let change = group.replacePeers(with: [.init(address: "b"), .init(address: "c"), .init(address: "a")])
        #expect(change.removed.isEmpty)
        #expect(group.peers.map(\.address) == ["b", "c", "a"])
        #expect(try !group.statistics(of: "a", now: 1).isHealthy)
        #expect(try group.statistics(of: "a", now: 1).failures == 1)
        #expect(try group.statistics(of: "c", now: 1).requests == 0)
    }

    @Test func `A removed peer gets no more requests, and is dropped after its last one`() throws {
        let group = PeerGroup([.init(address: "a"), .init(address: "b")])
        let lease = try #require(group.lease())
        #expect(lease.peer.address == "a")
        #expect(group.replacePeers(with: [.init(address: "b")]).removed.map(\.address) == ["a"])
        #expect(group.addresses(3) == "b b b")
        #expect(try group.statistics(of: "a").isDraining)
        #expect(try group.statistics(of: "a").active == 1)
        #expect(!group.finish(lease, .success, connection: .idle, now: 0).keepsConnection)
        #expect(group.statistics(now: 0).peers.map(\.peer.address) == ["b"])
    }

    @Test func `A removed peer is dropped when its idle connections are closed`() throws {
        let group = PeerGroup([.init(address: "a"), .init(address: "b")], loops: 2)
        let lease = try #require(group.lease(loop: 1))
        #expect(group.finish(lease, .success, connection: .idle, now: 0).keepsConnection)
        let removed = group.replacePeers(with: [.init(address: "b")]).removed
        #expect(removed == [lease.peer])
        #expect(try group.statistics(of: "a").idle == 1)
        group.idleConnectionClosed(lease.peer, loop: 1)
        #expect(group.statistics(now: 0).peers.count == 1)
    }

    @Test func `A draining peer that is added again keeps its state`() throws {
        let group = PeerGroup([.init(address: "a", maxConns: 1), .init(address: "b", maxConns: 1)])
        let lease = try #require(group.lease())
        _ = group.replacePeers(with: [.init(address: "b", maxConns: 1)])
        _ = group.replacePeers(with: [.init(address: "a", maxConns: 1)])
        #expect(group.lease() == nil)
        group.end(lease)
        #expect(group.lease()?.peer == lease.peer)
    }

    @Test func `An address that occurs twice is two peers`() {
        let group = PeerGroup([.init(address: "a"), .init(address: "a"), .init(address: "b")])
        #expect(group.addresses(6) == "a a b a a b")
        _ = group.replacePeers(with: [.init(address: "a"), .init(address: "b")])
        #expect(group.statistics(now: 0).peers.count == 2)
        #expect(group.addresses(4).count { $0 == "a" } == 2)
    }

    @Test func `A changed weight applies at once`() {
        let group = PeerGroup([.init(address: "a"), .init(address: "b")])
        _ = group.address()
        _ = group.address()
        _ = group.replacePeers(with: [.init(address: "a", weight: 3), .init(address: "b")])
        let turns = group.addresses(4)
        #expect(turns.count { $0 == "a" } == 3)
    }

    @Test func `Ids are never reused`() {
        let group = PeerGroup([.init(address: "a"), .init(address: "b")])
        _ = group.replacePeers(with: [.init(address: "c")])
        _ = group.replacePeers(with: [.init(address: "a")])
        #expect(group.statistics(now: 0).peers.map(\.peer.id) == [3])
    }
}
