import Balancing
import Testing

struct OutlierDetectionTests {
    private func group(_ count: Int = 4, _ change: (inout OutlierDetection) -> Void = { _ in }) -> PeerGroup {
        let group = PeerGroup((0..<count).map { .init(address: "\($0)", maxFails: 0) })
        var rules = OutlierDetection()
        change(&rules)
        group.setOutlierDetection(rules)
        return group
    }

    /// Sends one request to each usable peer.
    @discardableResult
    private func round(
        _ group: PeerGroup, now: Milliseconds, errors: Set<String> = [], times: [String: Int64] = [:]
    ) -> [Ejection] {
        var ejections: [Ejection] = []
        var tried = TriedPeers()
        while case .peer(let lease) = group.pick(loop: 0, now: now, tried: &tried) {
            let time = times[lease.peer.address] ?? 1000
            ejections +=
                group.finish(
                    lease, .success, connection: .closed, now: now, times: ResponseTimes(toHead: time, toEnd: time),
                    isError: errors.contains(lease.peer.address)
                ).ejections
        }
        return ejections
    }

    private func ejected(_ group: PeerGroup, now: Milliseconds) -> [String] {
        group.statistics(now: now).peers.filter(\.isEjected).map(\.peer.address)
    }

    @Test func `consecutive errors eject a peer, unless a success interrupts them`() {
        let group = group()
        for _ in 0..<3 {
            for _ in 0..<4 { #expect(round(group, now: 1, errors: ["2"]) == []) }
            round(group, now: 1)
        }
        for _ in 0..<4 { round(group, now: 2, errors: ["2"]) }
        #expect(
            round(group, now: 3, errors: ["2"]) == [
                Ejection(address: "2", reason: .consecutiveErrors, duration: 30_000)
            ])
        #expect(ejected(group, now: 30_002) == ["2"])
        #expect(!group.addresses(8, now: 30_002).contains("2"))
        #expect(ejected(group, now: 30_003) == [])
        #expect(group.addresses(4, now: 30_003).contains("2"))
    }

    @Test func `connection failures count as errors`() throws {
        let group = group { $0.consecutiveErrors = 2 }
        for _ in 0..<8 { _ = group.address(now: 5, .failure) }
        #expect(ejected(group, now: 5).count == 2)
    }

    @Test func `each ejection lasts longer than the previous one, up to a maximum, and quiet intervals reset this`() {
        let group = group {
            $0.consecutiveErrors = 1
            $0.maxEjectionTime = 70_000
        }
        var now: Milliseconds = 1
        for duration: Milliseconds in [30_000, 60_000, 70_000, 70_000] {
            #expect(round(group, now: now, errors: ["1"]).first?.duration == duration)
            now += duration
        }
        // An interval ends only with the first request after its time. So send requests after each interval.
        for _ in 0..<5 {
            round(group, now: now)
            now += 10_000
        }
        #expect(round(group, now: now, errors: ["1"]).first?.duration == 30_000)
    }

    @Test func `at most max_ejection_percent of the peers are ejected, and never the only one`() {
        let four = group { $0.consecutiveErrors = 1 }
        round(four, now: 1, errors: ["0", "1", "2", "3"])
        #expect(ejected(four, now: 1).count == 2)
        let three = group(3) { $0.consecutiveErrors = 1 }
        round(three, now: 1, errors: ["0", "1", "2"])
        #expect(ejected(three, now: 1).count == 1)
        let one = group(1) {
            $0.consecutiveErrors = 1
            $0.maxEjectionPercent = 100
        }
        round(one, now: 1, errors: ["0"])
        #expect(ejected(one, now: 1) == [])
    }

    @Test func `the error rate ejects at the end of an interval, if there were enough requests`() {
        let group = group {
            $0.consecutiveErrors = 0
            $0.errorPercent = 30
            $0.requestVolume = 10
        }
        round(group, now: 0)
        for turn in 0..<9 { #expect(round(group, now: 1, errors: turn % 5 == 0 ? ["0"] : []) == []) }
        // Two errors in ten requests are less than 30 %.
        #expect(round(group, now: 10_000) == [])
        for turn in 0..<12 { round(group, now: 10_001, errors: turn % 3 == 0 ? ["0"] : turn % 4 == 0 ? ["3"] : []) }
        let ejections = round(group, now: 20_000)
        #expect(ejections == [Ejection(address: "0", reason: .errorPercent, duration: 30_000)])
    }

    @Test(arguments: [2, 3, 4]) func `a peer that is slow compared with the median is ejected`(_ count: Int) {
        let group = group(count) {
            $0.latencyHundredths = 300
            $0.requestVolume = 5
        }
        let fair: [String: Int64] = ["1": 2900]
        let slow: [String: Int64] = ["0": 4000]
        round(group, now: 0)
        for _ in 0..<6 { round(group, now: 1, times: fair) }
        #expect(round(group, now: 10_000) == [])
        for _ in 0..<6 { round(group, now: 10_001, times: slow) }
        #expect(round(group, now: 20_000, times: slow).map(\.reason) == [.latency])
        #expect(ejected(group, now: 20_000) == ["0"])
    }

    @Test func `without rules, no peer is ejected`() {
        let group = PeerGroup([.init(address: "0", maxFails: 0), .init(address: "1", maxFails: 0)])
        for now in 0..<200 { #expect(round(group, now: Milliseconds(now) * 1000, errors: ["0"]) == []) }
        #expect(!group.statistics(now: 0).detectsOutliers)
    }

    @Test func `slow_start applies after an ejection`() throws {
        let group = PeerGroup([
            .init(address: "0", maxFails: 0, slowStart: 10_000), .init(address: "1", maxFails: 0, slowStart: 10_000),
        ])
        var rules = OutlierDetection()
        rules.consecutiveErrors = 1
        group.setOutlierDetection(rules)
        round(group, now: 1, errors: ["0"])
        let early = group.addresses(40, now: 30_101).count { $0 == "0" }
        let late = group.addresses(40, now: 45_000).count { $0 == "0" }
        #expect(early < 5)
        #expect(late == 20)
    }
}
