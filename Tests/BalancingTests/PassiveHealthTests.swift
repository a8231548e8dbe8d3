import Balancing
import Testing

struct PassiveHealthTests {
    private func pair(maxFails: Int = 1, weight: Int = 1) -> PeerGroup {
        PeerGroup([.init(address: "a", weight: weight, maxFails: maxFails), .init(address: "b", maxFails: 0)])
    }

    /// Picks until `a` is chosen. This can need several picks, because its failure has reduced the effective weight of
    /// `a` to 0.
    private func probe(_ group: PeerGroup, now: Milliseconds) throws -> Lease {
        for _ in 0..<3 {
            let lease = try #require(group.lease(now: now))
            if lease.peer.address == "a" { return lease }
            group.end(lease, now: now)
        }
        Issue.record("a gets no probe")
        throw CancellationError()
    }

    @Test func `A failed peer gets no request for fail_timeout, and then one probe`() throws {
        let group = pair()
        #expect(group.address(now: 1_000, .failure) == "a")
        #expect(group.addresses(4, now: 11_000) == "b b b b")
        #expect(try !group.statistics(of: "a", now: 11_000).isHealthy)

        let probe = try probe(group, now: 11_001)
        #expect(group.addresses(3, now: 11_002) == "b b b")
        group.end(probe, .success, now: 11_003)
        #expect(group.addresses(4, now: 11_004).contains("a"))
        #expect(try group.statistics(of: "a", now: 11_004).isHealthy)
    }

    @Test func `A failed probe starts another fail_timeout`() throws {
        let group = pair()
        #expect(group.address(now: 0, .failure) == "a")
        group.end(try probe(group, now: 10_001), .failure, now: 10_001)
        #expect(group.addresses(3, now: 20_001) == "b b b")
        #expect(group.addresses(4, now: 20_002).contains("a"))
    }

    @Test func `After a probe without a result, the peer stays unusable until the next probe`() throws {
        let group = pair()
        #expect(group.address(now: 0, .failure) == "a")
        group.end(try probe(group, now: 10_001), .unknown, now: 10_002)
        #expect(group.addresses(3, now: 10_003) == "b b b")
    }

    @Test func `A late success of a request from before the failure does not make the peer usable`() throws {
        let group = pair()
        let early = try #require(group.lease(now: 0))
        #expect(early.peer.address == "a")
        #expect(group.address(now: 1) == "b")
        #expect(group.address(now: 2, .failure) == "a")
        group.end(early, .success, now: 3)
        #expect(group.addresses(3, now: 4) == "b b b")
    }

    @Test func `Failures in different fail_timeout periods do not add up`() throws {
        let group = pair(maxFails: 2)
        #expect(group.address(now: 0, .failure) == "a")
        #expect(group.address(now: 0) == "b")
        #expect(group.address(now: 10_001) == "a")  // begins a new period, and succeeds
        #expect(group.address(now: 10_001) == "b")
        #expect(group.address(now: 10_002, .failure) == "a")
        #expect(try group.statistics(of: "a", now: 10_003).isHealthy)
        while group.address(now: 10_003, .failure) != "a" {}
        #expect(try !group.statistics(of: "a", now: 10_004).isHealthy)
    }

    @Test func `A failure reduces the weight by weight / max_fails, and a pick gives 1 back`() throws {
        let group = pair(maxFails: 3, weight: 9)
        #expect(group.address(now: 0, .failure) == "a")
        #expect(group.effectiveWeight(of: "a") == 6)
        _ = group.address(now: 0)
        #expect(group.effectiveWeight(of: "a") == 7)
    }

    @Test func `With max_fails=0, failures are counted in the statistics only`() throws {
        let group = PeerGroup([.init(address: "a", maxFails: 0), .init(address: "b", isDown: true)])
        for _ in 0..<5 { #expect(group.address(now: 0, .failure) == "a") }
        #expect(try group.statistics(of: "a").isHealthy)
        #expect(try group.statistics(of: "a").failures == 5)
    }

    @Test func `Failures never make a single peer unusable`() throws {
        let group = PeerGroup([.init(address: "a")])
        for _ in 0..<5 { #expect(group.address(now: 0, .failure) == "a") }
        #expect(try group.statistics(of: "a").isHealthy)
        #expect(try group.statistics(of: "a").failures == 5)
    }

    @Test func `A single peer is not tried twice by one request`() {
        let group = PeerGroup([.init(address: "a")])
        var tried = TriedPeers()
        #expect(group.pick(loop: 0, now: 0, tried: &tried).name == "a")
        #expect(group.pick(loop: 0, now: 0, tried: &tried).name == "none usable")
    }

    @Test func `If all peers have failed, none is usable until the first fail_timeout is over`() {
        let group = PeerGroup([.init(address: "a"), .init(address: "b", failTimeout: 5_000)])
        #expect(group.address(now: 0, .failure) == "a")
        #expect(group.address(now: 0, .failure) == "b")
        #expect(group.address(now: 5_000) == nil)
        #expect(group.address(now: 5_001) == "b")
    }

    @Test func `While no peer is usable, one request per 100 ms probes the peer that failed first`()
        throws
    {
        let group = PeerGroup([
            .init(address: "a", failTimeout: 10_000), .init(address: "b", failTimeout: 10_000),
            .init(address: "c", isDown: true),
        ])
        for time in [0, 50] as [Milliseconds] { group.end(try #require(group.lease(now: time)), .failure, now: time) }
        func pick(_ now: Milliseconds) -> (name: String, lease: Lease?) {
            var tried = TriedPeers()
            let pick = group.pick(loop: 0, now: now, tried: &tried, reason: .waitingForHealthyPeer)
            return (pick.name, pick.lease)
        }
        #expect(group.lease(now: 120) == nil)
        #expect(pick(60).name == "none usable")
        let first = pick(120)
        #expect(first.name == "a")
        #expect(pick(130).name == "none usable")
        #expect(pick(160).name == "b")
        // After the probe has succeeded, the peer is usable for all requests.
        group.end(try #require(first.lease), .success, now: 170)
        #expect(group.lease(now: 170)?.peer.address == "a")
    }
}
