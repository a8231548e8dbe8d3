import Balancing
import TestSupport
import Testing

struct MaxConnsTests {
    @Test func `A peer at max_conns is skipped, and if all are, the result is all busy`() throws {
        let group = PeerGroup([.init(address: "a", maxConns: 1), .init(address: "b", maxConns: 1)])
        let leases = [try #require(group.lease()), try #require(group.lease())]
        #expect(leases.map(\.peer.address) == ["a", "b"])
        var tried = TriedPeers()
        #expect(group.pick(loop: 0, now: 0, tried: &tried).name == "all busy")
        group.end(leases[1])
        #expect(group.pick(loop: 0, now: 0, tried: &tried).name == "b")
    }

    @Test func `A loop reuses its idle connection`() throws {
        let group = PeerGroup([.init(address: "a")], loops: 2)
        let first = try #require(group.lease(loop: 0))
        #expect(first.connection == .open)
        #expect(group.finish(first, .success, connection: .idle, now: 0).keepsConnection)
        #expect(try group.statistics(of: "a").idle == 1)
        #expect(try #require(group.lease(loop: 1)).connection == .open)
        #expect(try #require(group.lease(loop: 0)).connection == .idle)
        #expect(try group.statistics(of: "a").idle == 0)
    }

    @Test func `At max_conns, an idle connection of another loop is reclaimed`() throws {
        let group = PeerGroup([.init(address: "a", maxConns: 1)], loops: 2)
        let first = try #require(group.lease(loop: 0))
        #expect(group.finish(first, .success, connection: .idle, now: 0).keepsConnection)

        let second = try #require(group.lease(loop: 1))
        #expect(second.connection == .reclaim(fromLoop: 0))
        #expect(group.anotherConnection(for: second, after: .none) == .reclaim(fromLoop: 0))
        group.idleConnectionClosed(first.peer, loop: 0)
        #expect(group.anotherConnection(for: second, after: .none) == .open)
        #expect(try group.statistics(of: "a").idle == 0)
    }

    @Test func `A dead connection is replaced on the same peer`() throws {
        let group = PeerGroup([.init(address: "a", maxConns: 1)])
        _ = group.finish(try #require(group.lease()), .success, connection: .idle, now: 0)
        let lease = try #require(group.lease())
        #expect(lease.connection == .idle)
        #expect(group.anotherConnection(for: lease, after: .closed) == .open)
        #expect(group.finish(lease, .success, connection: .idle, now: 0).keepsConnection)
        #expect(try group.statistics(of: "a").idle == 1)
        #expect(try group.statistics(of: "a").requests == 2)
    }

    @Test func `After max_conns is reduced, excess connections are closed`() throws {
        let group = PeerGroup([.init(address: "a", maxConns: 2)])
        let leases = [try #require(group.lease()), try #require(group.lease())]
        _ = group.replacePeers(with: [.init(address: "a", maxConns: 1)])
        #expect(!group.finish(leases[0], .success, connection: .idle, now: 0).keepsConnection)
        #expect(group.finish(leases[1], .success, connection: .idle, now: 0).keepsConnection)
    }

    /// Simulates loops with their own connections and a random order of events.
    @Test(arguments: 0..<40)
    func `Busy and idle connections of all loops never exceed max_conns`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let limits = [Int.random(in: 1...3, using: &random), Int.random(in: 1...5, using: &random)]
        let group = PeerGroup(
            [.init(address: "0", maxConns: limits[0]), .init(address: "1", weight: 2, maxConns: limits[1])], loops: 3)
        var open = [0, 0]
        var idle = [[0, 0], [0, 0], [0, 0]]  // idle[loop][peer]
        var leases: [(lease: Lease, holds: Bool)] = []

        func connect(_ lease: Lease, _ source: ConnectionSource) -> Bool {
            let peer = Int(lease.peer.address)!
            var source = source
            while true {
                switch source {
                case .open:
                    open[peer] += 1
                    return true
                case .idle:
                    idle[lease.loop][peer] -= 1
                    #expect(idle[lease.loop][peer] >= 0)
                    return true
                case .reclaim(let loop):
                    #expect(idle[loop][peer] > 0)
                    idle[loop][peer] -= 1
                    open[peer] -= 1
                    group.idleConnectionClosed(lease.peer, loop: loop)
                    source = group.anotherConnection(for: lease, after: .none)
                }
            }
        }

        for _ in 0..<500 {
            if !leases.isEmpty, Bool.random(using: &random) {
                let (lease, _) = leases.remove(at: .random(in: leases.indices, using: &random))
                let peer = Int(lease.peer.address)!
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    open[peer] -= 1
                    _ = group.finish(lease, .success, connection: .closed, now: 0)
                case 1:  // the connection is dead: open another one
                    open[peer] -= 1
                    _ = connect(lease, group.anotherConnection(for: lease, after: .closed))
                    leases.append((lease, true))
                default:
                    #expect(group.finish(lease, .success, connection: .idle, now: 0).keepsConnection)
                    idle[lease.loop][peer] += 1
                }
            } else if let lease = group.lease(loop: .random(in: 0..<3, using: &random)) {
                leases.append((lease, connect(lease, lease.connection)))
            }
            for peer in 0..<2 {
                #expect(open[peer] <= limits[peer])
                let statistics = try group.statistics(of: "\(peer)")
                #expect(statistics.idle == idle.reduce(0) { $0 + $1[peer] })
                #expect(statistics.active + statistics.idle == open[peer])
            }
        }
    }
}
