import Balancing
import Testing

struct HealthCheckRuleTests {
    private func group(_ rules: [HealthCheckRule], queueLimit: Int = 0) -> PeerGroup {
        let group = PeerGroup(
            [.init(address: "a", maxConns: 1), .init(address: "b", maxConns: 1)], queueLimit: queueLimit)
        group.setChecks(rules)
        return group
    }

    private func count(_ group: PeerGroup, _ results: [Bool], by name: String = "c") throws -> [CheckedHealth?] {
        let peer = try #require(group.checkedPeers.first)
        return results.map { group.countCheck(of: peer, by: name, hasPassed: $0, now: 0).change }
    }

    @Test func `fails and passes count consecutive results`() throws {
        let group = group([HealthCheckRule(name: "c", fails: 3, passes: 2)])
        #expect(
            try count(group, [false, false, true, false, false, false]) == [nil, nil, nil, nil, nil, .unhealthy])
        #expect(group.addresses(4) == "b b b b")
        #expect(try count(group, [true, false, true, true]) == [nil, nil, nil, .healthy])
        #expect(group.addresses(2).contains("a"))
    }

    @Test func `the first result of a mandatory check decides alone`() throws {
        let group = group([HealthCheckRule(name: "c", fails: 3, passes: 3, isMandatory: true)])
        #expect(group.address() == nil)
        #expect(try count(group, [true]) == [.healthy])
        #expect(group.addresses(2) == "a a")
    }

    @Test func `every check has to pass, and a removed check has no effect`() throws {
        let rules = [HealthCheckRule(name: "c"), HealthCheckRule(name: "d")]
        let group = group(rules)
        #expect(try count(group, [false], by: "d") == [.unhealthy])
        #expect(try count(group, [true]) == [nil])
        #expect(group.addresses(2) == "b b")
        // A check keeps its state when its rule changes.
        group.setChecks([HealthCheckRule(name: "d", fails: 5)])
        #expect(group.addresses(2) == "b b")
        group.setChecks([rules[0]])
        #expect(group.addresses(2).contains("a"))
    }

    @Test func `a check counts against max_conns, and a busy peer is not checked`() throws {
        let group = group([HealthCheckRule(name: "c")])
        let peer = group.checkedPeers[0]
        let check = try #require(group.leaseForCheck(peer, loop: 0))
        #expect(group.addresses(2) == "b b")
        group.end(check, .unknown)
        let statistics = try group.statistics(of: "a")
        #expect(statistics.requests == 0 && statistics.active == 0)
        let lease = try #require(group.lease())
        #expect(lease.peer === peer)
        #expect(group.leaseForCheck(peer, loop: 0) == nil)
    }

    @Test func `a recovered peer wakes a queued request`() throws {
        let group = group([HealthCheckRule(name: "c")], queueLimit: 4)
        _ = try count(group, [false])
        let lease = try #require(group.lease())
        #expect(lease.peer.address == "b")
        var tried = TriedPeers()
        #expect(group.pick(loop: 0, now: 0, tried: &tried).name == "queued")
        let result = group.countCheck(of: group.checkedPeers[0], by: "c", hasPassed: true, now: 0)
        #expect(result.change == .healthy)
        #expect(result.wake == 0)
        #expect(group.pick(loop: 0, now: 0, tried: &tried, reason: .dequeued).name == "a")
    }
}
