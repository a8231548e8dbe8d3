import Balancing
import TestSupport
import Testing

struct RequestZoneTests {
    private func admit(_ zone: RequestZone, _ key: UInt16, now: Milliseconds, burst: Int = 0) -> Bool {
        let limiter = RequestLimiter([RequestLimit(zone: zone, burst: burst, delay: .never)])
        let bytes = [UInt8(key >> 8), UInt8(key & 0xFF)]
        if case .admitted = limiter.admit(key: bytes.span, now: now) { return true }
        return false
    }

    private func zone(_ rate: String, size: Int) -> RequestZone {
        RequestZone(name: "z", rate: requestRate(rate), size: size)
    }

    @Test func `A megabyte holds about 8,000 keys, and a new key evicts the oldest`() throws {
        let zone = zone("1r/m", size: 1 << 20)
        for key in 0..<20_000 { #expect(admit(zone, UInt16(key), now: 0)) }
        #expect((7_900...8_192).contains(zone.keyCount))
    }

    @Test func `A full zone evicts the least recently used key`() throws {
        let zone = zone("1r/m", size: 3 * 128)
        for key: UInt16 in [1, 2, 3] { #expect(admit(zone, key, now: 0)) }
        #expect(!admit(zone, 1, now: 1))  // key 1 is used again, so key 2 is the oldest now
        #expect(admit(zone, 4, now: 2))
        #expect(zone.keyCount == 3)
        #expect(!admit(zone, 1, now: 3))
        #expect(!admit(zone, 3, now: 3))
        #expect(admit(zone, 2, now: 3))
    }

    @Test func `A new key evicts up to two keys that were idle for a minute and have no excess`() throws {
        let zone = zone("1r/s", size: 1 << 16)
        for key: UInt16 in 1...5 { #expect(admit(zone, key, now: 0)) }
        #expect(admit(zone, 6, now: 59_999))
        #expect(zone.keyCount == 6)
        #expect(admit(zone, 7, now: 60_000))
        #expect(zone.keyCount == 5)
        #expect(admit(zone, 8, now: 60_000))
        #expect(admit(zone, 9, now: 60_000))
        #expect(zone.keyCount == 4)  // key 6 was used too recently
    }

    @Test func `A long key needs more of the zone`() throws {
        let zone = zone("1r/s", size: 1_024)
        let limiter = RequestLimiter([RequestLimit(zone: zone)])
        for key in 0..<8 as Range<UInt8> { _ = limiter.admit(key: [key].span, now: 0) }
        #expect(zone.keyCount == 8)
        let long = [UInt8](repeating: 1, count: 400)
        _ = limiter.admit(key: long.span, now: 0)
        #expect(zone.keyCount == 5)
    }

    @Test func `The reset time is never longer than the window`() throws {
        let zone = zone("5r/m", size: 1 << 16)
        let limiter = RequestLimiter([RequestLimit(zone: zone, burst: 4, delay: .never)])
        for _ in 0..<5 { _ = limiter.admit(key: [1].span, now: 0) }
        let budget = try #require(zone.clients(burst: 4, now: 0, limit: 1).first).budget
        #expect(budget.reset == 60_241)
        #expect((budget.windowSeconds, budget.resetSeconds) == (60, 60))
    }

    @Test func `The budget has the remaining requests, the reset time and the retry time`() throws {
        let zone = zone("1r/s", size: 1 << 16)
        let limiter = RequestLimiter([RequestLimit(zone: zone, burst: 4, delay: .never)])
        #expect(limiter.limits[0].windowSeconds == 5)
        for _ in 0..<3 { _ = limiter.admit(key: [1].span, now: 0) }
        let budget = try #require(zone.clients(burst: 4, now: 0, limit: 10).first).budget
        #expect(budget.limit == 5)
        #expect(budget.used == 3)
        #expect(budget.remaining == 2)
        #expect(budget.reset == 3_000)
        #expect(budget.retry == 0)
        let later = try #require(zone.clients(burst: 4, now: 1_500, limit: 10).first).budget
        #expect((later.used, later.remaining, later.resetSeconds) == (2, 3, 2))

        #expect(budget.windowSeconds == 5)
        for _ in 0..<2 { _ = limiter.admit(key: [1].span, now: 0) }
        guard case .refused(_, let excess, let refusal) = limiter.admit(key: [1].span, now: 250) else {
            Issue.record("the sixth request is refused")
            return
        }
        #expect(excess == 4_750)
        #expect((refusal.remaining, refusal.retry, refusal.retrySeconds) == (0, 750, 1))
        #expect(limiter.admit(key: [1].span, now: 999) != .admitted(delay: 0))
        #expect(limiter.admit(key: [1].span, now: 1_000) == .admitted(delay: 0))
    }

    @Test(arguments: 0..<20)
    func `The budget is correct to the millisecond`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rate = try #require(RequestRate(millionthsPerSecond: .random(in: 10_000...50_000_000, using: &random)))
        let zone = RequestZone(name: "z", rate: rate, size: 1 << 16)
        let burst = Int.random(in: 0...8, using: &random)
        let limiter = RequestLimiter([RequestLimit(zone: zone, burst: burst, delay: .never)])
        var now: Milliseconds = 0
        for _ in 0..<100 {
            now += .random(in: 0...(2_000_000_000 / rate.millionthsPerSecond), using: &random)
            let before = zone.clients(burst: burst, now: now, limit: 1).first?.budget
            let remaining = before?.remaining ?? burst + 1
            for _ in 0..<remaining {
                guard case .admitted = limiter.admit(key: [1].span, now: now) else {
                    Issue.record("\(remaining) requests must be admitted")
                    return
                }
            }
            guard case .refused(_, _, let refusal) = limiter.admit(key: [1].span, now: now) else {
                Issue.record("only \(remaining) requests must be admitted")
                return
            }
            #expect(refusal.remaining == 0)
            #expect(refusal.retry > 0)
            if refusal.retry > 1 {
                guard case .refused = limiter.admit(key: [1].span, now: now + refusal.retry - 1) else {
                    Issue.record("retry was too late")
                    return
                }
            }
            now += refusal.retry
            guard case .admitted = limiter.admit(key: [1].span, now: now) else {
                Issue.record("retry was too early")
                return
            }
        }
    }

    @Test func `Clients are listed with the most recent first, without those whose bucket has drained`() throws {
        let zone = zone("1r/s", size: 1 << 20)
        for key in 1...20 as ClosedRange<UInt16> { _ = admit(zone, key, now: Milliseconds(key) * 100) }
        #expect(zone.activeClients(now: 2_000) == 10)
        #expect(zone.clients(burst: 0, now: 2_000, limit: 3).map(\.key) == [[0, 20], [0, 19], [0, 18]])
        #expect(zone.clients(burst: 0, now: 2_000, limit: 0).isEmpty)
        #expect(zone.clients(burst: 0, now: 2_000, limit: 1_000).count == 10)
        #expect(zone.clients(burst: 0, now: 10_000, limit: 3).isEmpty)
    }

    @Test func `The window of the default limit is exactly 60 seconds`() throws {
        let rate = requestRate("100r/m")
        let limit = RequestLimit(zone: RequestZone(name: "z", rate: rate, size: 1 << 20), burst: 99)
        #expect(limit.windowSeconds == 60)
    }
}
