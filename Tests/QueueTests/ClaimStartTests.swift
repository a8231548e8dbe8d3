import Testing

@testable import Queue

@Suite struct ClaimStartTests {
    private let start = ContinuousClock.now
    private let types = ["a", "b"]

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// The state after a full scan at time 0. The scan took 50 ms, because there are dead rows that vacuum cannot
    /// remove.
    private func slow(_ found: [(type: String, lead: Int64)] = [("a", -2000)], tookAll: Bool = false) -> ClaimStart {
        var claims = ClaimStart()
        claims.claimed(
            types, from: [nil, nil], found: found, tookAll: tookAll, searchTime: .milliseconds(50), deadRows: 300_000,
            now: start)
        return claims
    }

    /// The state after a claim at time 0. The claim took as many tasks as it asked for, and there are some dead rows.
    private func backlog(_ deadRows: Int = 1001, searchTime: Duration = .microseconds(300)) -> ClaimStart {
        var claims = ClaimStart()
        claims.claimed(
            ["a"], from: [nil], found: [("a", -9_000_000)], tookAll: true, searchTime: searchTime, deadRows: deadRows,
            now: start
        )
        return claims
    }

    @Test(arguments: [(3, 300_000, false), (50, 9000, false), (50, 900, true)])
    func `If the scan is fast, or few rows are dead, each claim makes a full scan`(
        _ searchTime: Int, _ deadRows: Int, _ tookAll: Bool
    ) {
        var claims = ClaimStart()
        #expect(claims.starts(types, now: start) == [nil, nil])
        claims.claimed(
            types, from: [nil, nil], found: [("a", -2000)], tookAll: tookAll, searchTime: .milliseconds(searchTime),
            deadRows: deadRows, now: start)
        #expect(claims.starts(types, now: at(1)) == [nil, nil])
        #expect(claims.nextFullScan == nil)
    }

    @Test func `While each claim takes all it asks for, there is a full scan every 100 ms`() {
        var claims = backlog()
        // A start is a rank (a time) minus the present time, in µs. The ranks of the remaining tasks do not change, so
        // the start decreases as time passes.
        #expect(claims.starts(["a"], now: at(10)) == [-9_060_000])
        #expect(claims.starts(["a"], now: at(99)) == [-9_149_000])
        claims.claimed(
            ["a"], from: [-9_100_000], found: [("a", -8_000_000)], tookAll: true, searchTime: .microseconds(200),
            deadRows: 5100, now: at(50))
        #expect(claims.starts(["a"], now: at(99)) == [-9_099_000])
        #expect(claims.starts(["a"], now: at(100)) == [nil])
        claims.urgentTaskAnnounced()
        #expect(claims.starts(["a"], now: at(1)) == [nil])
        #expect(backlog(1000).starts(["a"], now: at(1)) == [nil])
    }

    @Test func `A full scan that takes long is made less often, also if few rows are dead`() {
        let claims = backlog(searchTime: .milliseconds(8))
        #expect(claims.starts(["a"], now: at(159)) == [-9_209_000])
        #expect(claims.starts(["a"], now: at(160)) == [nil])
    }

    @Test func `At the end of a backlog the next claim makes one full scan, at once`() {
        var claims = backlog()
        claims.claimed(
            ["a"], from: [-9_050_000], found: [("a", -8_000_000)], tookAll: false, searchTime: .microseconds(200),
            deadRows: 5100, now: at(50))
        #expect(claims.nextFullScan == start)
        #expect(claims.starts(["a"], now: at(51)) == [nil])
        claims.claimed(
            ["a"], from: [nil], found: [], tookAll: false, searchTime: .microseconds(200), deadRows: nil, now: at(52))
        #expect(claims.nextFullScan == nil)
        #expect(claims.starts(["a"], now: at(53)) == [nil])
    }

    @Test func `If full scans are slow, claims begin shortly before the found tasks, and a few make a full scan`() {
        var claims = slow()
        #expect(claims.starts(types, now: at(1)) == [-502_000, -500_000])
        // A claim that is not a full scan can move the start of a type back, but not forward.
        let starts = claims.starts(types, now: at(2))
        claims.claimed(
            types, from: starts, found: [("a", 7), ("b", -9000), ("b", 5)], tookAll: false,
            searchTime: .milliseconds(1),
            deadRows: 300_100, now: at(2))
        #expect(claims.starts(types, now: at(3)) == [-502_000, -509_000])
        #expect(claims.starts(types, now: at(999)) == [-502_000, -509_000])
        #expect(claims.starts(types, now: at(1000)) == [nil, nil])
        #expect(claims.nextFullScan == at(1000))
    }

    @Test func `A full scan is slow from 4 ms on`() {
        var claims = ClaimStart()
        claims.claimed(
            ["a"], from: [nil], found: [("a", 0)], tookAll: false, searchTime: .milliseconds(5), deadRows: 10_001,
            now: start
        )
        #expect(claims.starts(["a"], now: at(99)) == [-500_000])
        #expect(claims.nextFullScan == at(100))
    }

    @Test func `After a notification of an urgent task the full scan comes sooner, but not with each claim`() {
        var claims = slow()
        claims.urgentTaskAnnounced()
        #expect(claims.starts(types, now: at(149))[0] != nil)
        #expect(claims.starts(types, now: at(150))[0] == nil)
        claims.claimed(
            types, from: [nil, nil], found: [], tookAll: false, searchTime: nil, deadRows: nil, now: at(200))
        #expect(claims.starts(types, now: at(400))[0] != nil)
    }

    @Test func `A claim that took all it asked for says nothing about a type that it did not reach`() {
        #expect(slow(tookAll: true).starts(types, now: at(1)) == [-502_000, nil])
    }

    @Test func `A type without a backlog begins at the present, and a type of less urgent tasks keeps its place`() {
        var claims = slow([("a", -600_000_000), ("b", 300_000_000)])
        #expect(claims.starts(types, now: at(1)) == [-600_500_000, 299_500_000])
        claims.claimed(
            types, from: [nil, nil], found: [], tookAll: false, searchTime: .milliseconds(50), deadRows: nil,
            now: at(1000))
        #expect(claims.starts(types, now: at(1001)) == [-500_000, 299_500_000])
    }

    @Test func `When dead rows can be removed again, each claim makes a full scan again`() {
        var claims = slow()
        claims.claimed(
            types, from: [nil, nil], found: [("a", 0)], tookAll: false, searchTime: .microseconds(300),
            deadRows: 300_000,
            now: at(1000))
        #expect(claims.starts(types, now: at(1001)) == [nil, nil])
    }
}
