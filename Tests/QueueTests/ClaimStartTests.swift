import Testing

@testable import Queue

struct ClaimStartTests {
    private let start = ContinuousClock.now
    private let types = ["a", "b"]

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// After a whole look at time 0 that took 50 ms, with dead rows that cannot be removed.
    private func slow(_ found: [(type: String, lead: Int64)] = [("a", -2000)], isFull: Bool = false) -> ClaimStart {
        var claims = ClaimStart()
        claims.claimed(
            types, from: [nil, nil], found: found, isFull: isFull, search: .milliseconds(50), deadRows: 300_000,
            now: start)
        return claims
    }

    /// After a claim at time 0 that was full, with some dead rows.
    private func backlog(_ deadRows: Int = 1001, search: Duration = .microseconds(300)) -> ClaimStart {
        var claims = ClaimStart()
        claims.claimed(
            ["a"], from: [nil], found: [("a", -9_000_000)], isFull: true, search: search, deadRows: deadRows, now: start
        )
        return claims
    }

    @Test(arguments: [(3, 300_000, false), (50, 9000, false), (50, 900, true)])
    func `Where it is quick, or few rows are dead, each claim begins at the beginning`(
        _ search: Int, _ deadRows: Int, _ isFull: Bool
    ) {
        var claims = ClaimStart()
        #expect(claims.starts(types, now: start) == [nil, nil])
        claims.claimed(
            types, from: [nil, nil], found: [("a", -2000)], isFull: isFull, search: .milliseconds(search),
            deadRows: deadRows, now: start)
        #expect(claims.starts(types, now: at(1)) == [nil, nil])
        #expect(claims.wholeLookAt == nil)
    }

    @Test func `While each claim is full one in 100 ms begins at the beginning`() {
        var claims = backlog()
        // What that left stays where it is, while time goes on.
        #expect(claims.starts(["a"], now: at(10)) == [-9_060_000])
        #expect(claims.starts(["a"], now: at(99)) == [-9_149_000])
        claims.claimed(
            ["a"], from: [-9_100_000], found: [("a", -8_000_000)], isFull: true, search: .microseconds(200),
            deadRows: 5100, now: at(50))
        #expect(claims.starts(["a"], now: at(99)) == [-9_099_000])
        #expect(claims.starts(["a"], now: at(100)) == [nil])
        claims.wasToldOfOthers()
        #expect(claims.starts(["a"], now: at(1)) == [nil])
        #expect(backlog(1000).starts(["a"], now: at(1)) == [nil])
    }

    @Test func `Where many rows are not dead, but to look at everything takes its time, it is done as seldom`() {
        let claims = backlog(search: .milliseconds(8))
        #expect(claims.starts(["a"], now: at(159)) == [-9_209_000])
        #expect(claims.starts(["a"], now: at(160)) == [nil])
    }

    @Test func `At the end of a backlog the next claim looks for what lies before, at once and once`() {
        var claims = backlog()
        claims.claimed(
            ["a"], from: [-9_050_000], found: [("a", -8_000_000)], isFull: false, search: .microseconds(200),
            deadRows: 5100, now: at(50))
        #expect(claims.wholeLookAt == start)
        #expect(claims.starts(["a"], now: at(51)) == [nil])
        claims.claimed(
            ["a"], from: [nil], found: [], isFull: false, search: .microseconds(200), deadRows: nil, now: at(52))
        #expect(claims.wholeLookAt == nil)
        #expect(claims.starts(["a"], now: at(53)) == [nil])
    }

    @Test func `Where it is slow, claims begin shortly before what was found, and one in so many looks at everything`()
    {
        var claims = slow()
        #expect(claims.starts(types, now: at(1)) == [-502_000, -500_000])
        // What they find on the way moves the beginning back, never on.
        let starts = claims.starts(types, now: at(2))
        claims.claimed(
            types, from: starts, found: [("a", 7), ("b", -9000), ("b", 5)], isFull: false, search: .milliseconds(1),
            deadRows: 300_100, now: at(2))
        #expect(claims.starts(types, now: at(3)) == [-502_000, -509_000])
        #expect(claims.starts(types, now: at(999)) == [-502_000, -509_000])
        #expect(claims.starts(types, now: at(1000)) == [nil, nil])
        #expect(claims.wholeLookAt == at(1000))
    }

    @Test func `A look at everything is slow from 4 ms on`() {
        var claims = ClaimStart()
        claims.claimed(
            ["a"], from: [nil], found: [("a", 0)], isFull: false, search: .milliseconds(5), deadRows: 10_001, now: start
        )
        #expect(claims.starts(["a"], now: at(99)) == [-500_000])
        #expect(claims.wholeLookAt == at(100))
    }

    @Test func `What was put back is looked for sooner, and not all the time`() {
        var claims = slow()
        claims.wasToldOfOthers()
        #expect(claims.starts(types, now: at(149))[0] != nil)
        #expect(claims.starts(types, now: at(150))[0] == nil)
        claims.claimed(
            types, from: [nil, nil], found: [], isFull: false, search: nil, deadRows: nil, now: at(200))
        #expect(claims.starts(types, now: at(400))[0] != nil)
    }

    @Test func `A full claim says nothing of a type that is not in it`() {
        #expect(slow(isFull: true).starts(types, now: at(1)) == [-502_000, nil])
    }

    @Test func `A type whose backlog is gone begins at the present; one of lesser urgency keeps its place`() {
        var claims = slow([("a", -600_000_000), ("b", 300_000_000)])
        #expect(claims.starts(types, now: at(1)) == [-600_500_000, 299_500_000])
        claims.claimed(
            types, from: [nil, nil], found: [], isFull: false, search: .milliseconds(50), deadRows: nil, now: at(1000))
        #expect(claims.starts(types, now: at(1001)) == [-500_000, 299_500_000])
    }

    @Test func `When the rows can be removed again it is as before`() {
        var claims = slow()
        claims.claimed(
            types, from: [nil, nil], found: [("a", 0)], isFull: false, search: .microseconds(300), deadRows: 300_000,
            now: at(1000))
        #expect(claims.starts(types, now: at(1001)) == [nil, nil])
    }
}
