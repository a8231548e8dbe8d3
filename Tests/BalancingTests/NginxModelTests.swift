import Balancing
import TestSupport
import Testing

/// A model of nginx's round robin and least_conn, written like nginx's C source. The test compares the choices of the
/// model with those of `PeerGroup`.
private struct NginxModel {
    struct Peer {
        let specification: PeerSpecification
        var currentWeight = 0
        var effectiveWeight: Int
        var conns = 0
        var fails = 0
        var accessed: Milliseconds = -1_000_000_000
        var checked: Milliseconds = -1_000_000_000

        init(_ specification: PeerSpecification) {
            self.specification = specification
            effectiveWeight = specification.weight
        }
    }

    var peers: [Peer]

    init(_ specifications: [PeerSpecification]) { peers = specifications.map(Peer.init) }

    private func isOpen(_ peer: Peer, _ backup: Bool, _ now: Milliseconds) -> Bool {
        let server = peer.specification
        if server.isBackup != backup || server.isDown { return false }
        if server.maxFails > 0, peer.fails >= server.maxFails, now - peer.checked <= server.failTimeout {
            return false
        }
        return server.maxConns == 0 || peer.conns < server.maxConns
    }

    mutating func get(leastConn: Bool, now: Milliseconds) -> Int? {
        for backup in [false, true] {
            var candidates = peers.indices.filter { isOpen(peers[$0], backup, now) }
            if leastConn {
                func load(_ index: Int) -> Double {
                    Double(peers[index].conns) / Double(peers[index].specification.weight)
                }
                let least = candidates.map(load).min()
                candidates = candidates.filter { load($0) == least }
            }
            guard !candidates.isEmpty else { continue }
            var best = candidates[0]
            if !leastConn || candidates.count > 1 {
                var total = 0
                for index in candidates {
                    peers[index].currentWeight += peers[index].effectiveWeight
                    total += peers[index].effectiveWeight
                    if peers[index].effectiveWeight < peers[index].specification.weight {
                        peers[index].effectiveWeight += 1
                    }
                    if peers[index].currentWeight > peers[best].currentWeight { best = index }
                }
                peers[best].currentWeight -= total
            }
            if now - peers[best].checked > peers[best].specification.failTimeout { peers[best].checked = now }
            peers[best].conns += 1
            return best
        }
        return nil
    }

    mutating func free(_ index: Int, failed: Bool, now: Milliseconds) {
        if failed {
            peers[index].fails += 1
            peers[index].accessed = now
            peers[index].checked = now
            let server = peers[index].specification
            if server.maxFails > 0 { peers[index].effectiveWeight -= server.weight / server.maxFails }
            if peers[index].effectiveWeight < 0 { peers[index].effectiveWeight = 0 }
        } else if peers[index].accessed < peers[index].checked {
            peers[index].fails = 0
        }
        peers[index].conns -= 1
    }
}

struct NginxModelTests {
    @Test(arguments: 0..<60)
    func `The choices are nginx's, with random weights, failures, limits and times`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let specifications = (0..<Int.random(in: 2...6, using: &random)).map { index in
            PeerSpecification(
                address: "\(index)", weight: .random(in: 1...8, using: &random),
                maxFails: .random(in: 0...3, using: &random), failTimeout: .random(in: 1...2_000, using: &random),
                maxConns: Bool.random(using: &random) ? .random(in: 1...4, using: &random) : 0,
                isBackup: index > 0 && Int.random(in: 0..<4, using: &random) == 0,
                isDown: Int.random(in: 0..<8, using: &random) == 0)
        }
        var model = NginxModel(specifications)
        let group = PeerGroup(specifications)
        var leases: [(Lease, Int)] = []
        var now: Milliseconds = 0
        for _ in 0..<400 {
            now += .random(in: 0...150, using: &random)
            if Int.random(in: 0..<50, using: &random) == 0 {
                group.strategy = group.strategy == .roundRobin ? .leastConnections : .roundRobin
            }
            if !leases.isEmpty, Int.random(in: 0..<5, using: &random) < 2 {
                let (lease, index) = leases.remove(at: .random(in: leases.indices, using: &random))
                let failed = Int.random(in: 0..<3, using: &random) == 0
                group.end(lease, failed ? .failure : .success, now: now)
                model.free(index, failed: failed, now: now)
            } else {
                let expected = model.get(leastConn: group.strategy == .leastConnections, now: now)
                let lease = group.lease(now: now)
                #expect(lease?.peer.address == expected.map { "\($0)" })
                guard let lease, let expected else { continue }
                leases.append((lease, expected))
            }
        }
    }
}
