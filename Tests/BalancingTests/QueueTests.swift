import Balancing
import TestSupport
import Testing

struct QueueTests {
    private let group = PeerGroup(
        [.init(address: "a", maxConns: 1), .init(address: "b", isDown: true)], loops: 3, queueLimit: 2)

    private func pick(_ loop: Int, _ reason: PickReason = .newRequest) -> Pick {
        var tried = TriedPeers()
        return group.pick(loop: loop, now: 0, tried: &tried, reason: reason)
    }

    @Test func `Requests are queued in order, up to the limit`() throws {
        let first = try #require(pick(0).lease)
        #expect(pick(1).name == "queued")
        #expect(pick(2).name == "queued")
        #expect(pick(0).name == "all busy")
        #expect(group.statistics(now: 0).waiting == 2)

        #expect(group.end(first).wake == 1)
        let second = try #require(pick(1, .dequeued).lease)
        #expect(group.end(second).wake == 2)
        let third = try #require(pick(2, .dequeued).lease)
        #expect(group.end(third).wake == nil)
        #expect(group.statistics(now: 0).waiting == 0)
    }

    @Test func `A new request goes to the end of the queue`() throws {
        let first = try #require(pick(0).lease)
        _ = pick(1)
        _ = pick(2)
        #expect(group.end(first).wake == 1)  // `a` is free, and loop 1 is being woken
        #expect(pick(0).name == "queued")
        #expect(try #require(pick(1, .dequeued).lease).peer.address == "a")
    }

    @Test func `A dequeued request that finds all peers busy goes to the front`() throws {
        let first = try #require(pick(0).lease)
        _ = pick(1)
        #expect(group.end(first).wake == 1)
        let overtaker = try #require(pick(2).lease)
        _ = pick(2)
        #expect(pick(1, .dequeued).name == "queued")
        #expect(group.end(overtaker).wake == 1)
    }

    @Test func `A request that leaves the queue does not block the next one`() throws {
        let first = try #require(pick(0).lease)
        _ = pick(1)
        _ = pick(2)
        #expect(group.leaveQueue(loop: 1))
        #expect(group.statistics(now: 0).waiting == 1)
        #expect(group.end(first).wake == 2)
        #expect(!group.leaveQueue(loop: 2))  // loop 2 is being woken already
        #expect(group.forwardWake(now: 0) == nil)
    }

    @Test func `A wake-up that no request needs is passed on`() throws {
        let first = try #require(pick(0).lease)
        _ = pick(1)
        _ = pick(2)
        #expect(group.end(first).wake == 1)
        #expect(group.forwardWake(now: 0) == 2)
    }

    @Test func `When the last usable peer fails, the queued requests are woken in turn and find no usable peer`()
        throws
    {
        let group = PeerGroup(
            [.init(address: "a", maxConns: 1), .init(address: "b", isDown: true)], loops: 2, queueLimit: 5)
        let first = try #require(group.lease())
        var tried = TriedPeers()
        for loop in [0, 1, 0] { #expect(group.pick(loop: loop, now: 0, tried: &tried).name == "queued") }
        #expect(group.end(first, .failure).wake == 0)
        #expect(group.pick(loop: 0, now: 0, tried: &tried, reason: .dequeued).name == "none usable")
        #expect(group.forwardWake(now: 0) == 1)
        #expect(group.forwardWake(now: 0) == 0)
        #expect(group.forwardWake(now: 0) == nil)
    }

    @Test func `Several free connections wake several requests`() throws {
        let group = PeerGroup(
            [.init(address: "a", maxConns: 1), .init(address: "b", maxConns: 1)], loops: 1, queueLimit: 5)
        let first = try #require(group.lease())
        let second = try #require(group.lease())
        #expect(second.peer.address == "b")
        group.end(second, .failure, now: 0)
        var tried = TriedPeers()
        for _ in 0..<3 { #expect(group.pick(loop: 0, now: 0, tried: &tried).name == "queued") }
        // `b` has recovered by now. So two connections are free, although only one lease ends.
        #expect(group.end(first, now: 20_000).wake == 0)
        let woken = group.pick(loop: 0, now: 20_000, tried: &tried, reason: .dequeued).lease
        #expect(woken?.wake == 0)
    }

    @Test func `A new member wakes all queued requests`() throws {
        _ = try #require(pick(0).lease)
        _ = pick(2)
        _ = pick(1)
        #expect(group.replacePeers(with: [.init(address: "c")]).wake == [2, 1])
    }

    /// Simulates loops with a random order of events. No request may wait for ever.
    @Test(arguments: 0..<40)
    func `Every queued request gets a peer or an error, in any order of events`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let group = PeerGroup(
            [.init(address: "a", maxFails: 2, failTimeout: 50, maxConns: 2), .init(address: "b", maxConns: 1)],
            loops: 3, queueLimit: 10)
        var waiting = [0, 0, 0]
        var messages: [Int] = []
        var leases: [Lease] = []
        var now: Milliseconds = 0

        func deliver() {
            let loop = messages.remove(at: .random(in: messages.indices, using: &random))
            guard waiting[loop] > 0 else {
                messages += group.forwardWake(now: now).map { [$0] } ?? []
                return
            }
            var tried = TriedPeers()
            switch group.pick(loop: loop, now: now, tried: &tried, reason: .dequeued) {
            case .peer(let lease):
                waiting[loop] -= 1
                leases.append(lease)
                messages += lease.wake.map { [$0] } ?? []
            case .queued: break
            case .allBusy: Issue.record("a woken request lost its place")
            case .noneUsable:
                waiting[loop] -= 1
                messages += group.forwardWake(now: now).map { [$0] } ?? []
            }
        }
        func endOne() {
            let lease = leases.remove(at: .random(in: leases.indices, using: &random))
            let outcome: LeaseOutcome = Int.random(in: 0..<4, using: &random) == 0 ? .failure : .success
            messages += group.end(lease, outcome, now: now).wake.map { [$0] } ?? []
        }

        for _ in 0..<400 {
            now += .random(in: 0...5, using: &random)
            let loop = Int.random(in: 0..<3, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0..<3:
                var tried = TriedPeers()
                switch group.pick(loop: loop, now: now, tried: &tried) {
                case .peer(let lease): leases.append(lease)
                case .queued: waiting[loop] += 1
                case .allBusy, .noneUsable: break
                }
            case 3 where waiting[loop] > 0:
                group.leaveQueue(loop: loop)
                waiting[loop] -= 1
            case 4, 5: if !messages.isEmpty { deliver() }
            default: if !leases.isEmpty { endOne() }
            }
        }
        while !messages.isEmpty || !leases.isEmpty {
            if messages.isEmpty { endOne() } else { deliver() }
        }
        #expect(waiting == [0, 0, 0])
        #expect(group.statistics(now: now).waiting == 0)
    }
}
