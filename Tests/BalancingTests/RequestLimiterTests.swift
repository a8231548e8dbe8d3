import Balancing
import TestSupport
import Testing

struct RequestLimiterTests {
    private func limiter(
        _ rate: String, burst: Int = 0, delay: RequestLimit.Delay = .never, size: Int = 1 << 20
    ) -> RequestLimiter {
        let rate = requestRate(rate)
        return RequestLimiter([
            RequestLimit(zone: RequestZone(name: "z", rate: rate, size: size), burst: burst, delay: delay)
        ])
    }

    /// Sends a request at each time. In the result, `y` means admitted, `n` means refused, and a number means admitted
    /// with this delay in milliseconds.
    private func play(_ limiter: RequestLimiter, _ times: [Milliseconds]) -> String {
        times.map { now in
            switch limiter.admit(key: [1, 2, 3, 4].span, now: now) {
            case .admitted(0): "y"
            case .admitted(let delay): "\(delay)"
            case .refused: "n"
            }
        }.joined(separator: " ")
    }

    @Test(
        arguments: [
            ("1r/s", 0, [0, 0, 999, 1_000, 1_000, 2_500, 3_499, 3_500], "y n n y n y n y"),
            ("10r/s", 2, [0, 0, 0, 0, 99, 100, 100, 300, 300, 300], "y y y n n y n y y n"),
            // 1.666 r/s: in 600 ms, 999 thousandths of a request drain. One thousandth is missing for the next request.
            ("100r/m", 0, [0, 600, 601], "y n y"),
            ("1000r/s", 5, [0, 0, 0, 0, 0, 0, 0, 1, 2, 2], "y y y y y y n y y n"),
            ("0.5r/s", 0, [0, 1_999, 2_000], "y n y"),
        ] as [(String, Int, [Milliseconds], String)])
    func `Requests are admitted up to the burst, then at the rate`(
        rate: String, burst: Int, times: [Milliseconds], answers: String
    ) throws {
        #expect(play(limiter(rate, burst: burst), times) == answers)
    }

    @Test func `Requests ahead of the rate are delayed, except with nodelay`() throws {
        #expect(play(limiter("10r/s", burst: 3, delay: .beyond(0)), [0, 0, 0, 0, 0, 50]) == "y 100 200 300 n n")
        #expect(play(limiter("10r/s", burst: 3, delay: .beyond(2)), [0, 0, 0, 0, 0]) == "y y y 100 n")
        #expect(play(limiter("10r/s", burst: 3, delay: .never), [0, 0, 0, 0, 0]) == "y y y y n")
        // The delay in milliseconds is (excess - 0) * 1000 / rate, rounded down.
        #expect(play(limiter("3r/s", burst: 3, delay: .beyond(0)), [0, 0, 0]) == "y 333 666")
    }

    @Test func `A refused request does not count`() throws {
        let limiter = limiter("1r/s", burst: 1)
        #expect(play(limiter, [0, 0] + Array(repeating: 500, count: 100) + [1_000, 1_000]).hasSuffix(" n y n"))
    }

    @Test func `An earlier time from another loop changes nothing`() throws {
        #expect(play(limiter("1r/s"), [5_000, 4_000, 5_999, 6_000]) == "y n n y")
    }

    @Test func `Each key has its own count, and an empty or too long key has none`() throws {
        let limiter = limiter("1r/s")
        #expect(limiter.admit(key: [1].span, now: 0) == .admitted(delay: 0))
        #expect(limiter.admit(key: [2].span, now: 0) == .admitted(delay: 0))
        #expect(limiter.admit(key: [1, 2].span, now: 0) == .admitted(delay: 0))
        #expect(limiter.admit(key: [1].span, now: 0) != .admitted(delay: 0))
        let none: [UInt8] = []
        let long = [UInt8](repeating: 1, count: 65_536)
        for _ in 0..<3 {
            #expect(limiter.admit(key: none.span, now: 0) == .admitted(delay: 0))
            #expect(limiter.admit(key: long.span, now: 0) == .admitted(delay: 0))
        }
        #expect(limiter.limits[0].zone.keyCount == 3)
    }

    @Test func `A request counts only if all limits admit it, and the longest delay applies`() throws {
        let fast = RequestZone(name: "fast", rate: requestRate("10r/s"), size: 1 << 20)
        let slow = RequestZone(name: "slow", rate: requestRate("1r/s"), size: 1 << 20)
        let both = RequestLimiter([
            RequestLimit(zone: fast, burst: 3, delay: .beyond(0)),
            RequestLimit(zone: slow, burst: 1, delay: .beyond(0)),
        ])
        let keys: [[UInt8]] = [[1], [1]]
        #expect(both.admit(keys: keys, now: 0) == .admitted(delay: 0))
        #expect(both.admit(keys: keys, now: 0) == .admitted(delay: 1_000))
        for _ in 0..<10 {
            guard case .refused(limit: 1, excess: 2_000, _) = both.admit(keys: keys, now: 0) else {
                Issue.record("the slow limit refuses")
                continue
            }
        }
        // The fast limit has not counted the refused requests, so it still admits two of its four requests.
        let alone = RequestLimiter([RequestLimit(zone: fast, burst: 3, delay: .beyond(0))])
        #expect(alone.admit(key: [1].span, now: 0) == .admitted(delay: 200))
        #expect(alone.admit(key: [1].span, now: 0) == .admitted(delay: 300))
        #expect(alone.admit(key: [1].span, now: 0) != .admitted(delay: 400))
        // A limit does not store a new key if another limit refuses the request.
        let unseen: [[UInt8]] = [[9], [1]]
        #expect(both.admit(keys: unseen, now: 0) != .admitted(delay: 0))
        #expect(fast.keyCount == 1)
    }

    @Test func `Without limits, every request is admitted`() {
        #expect(RequestLimiter([]).admit(keys: [], now: 0) == .admitted(delay: 0))
    }

    @Test(arguments: 0..<30)
    func `In any time t, at most burst + 1 + rate · t requests are admitted`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rate = try #require(RequestRate(millionthsPerSecond: .random(in: 1_000...200_000_000, using: &random)))
        let burst = Int.random(in: 0...20, using: &random)
        let limiter = RequestLimiter([
            RequestLimit(zone: RequestZone(name: "z", rate: rate, size: 1 << 20), burst: burst, delay: .never)
        ])
        // Send about as many requests as the rate allows, some of them at the same time.
        let gap = max(1, 1_500_000_000 / rate.millionthsPerSecond)
        var now: Milliseconds = 0
        var admitted: [Milliseconds] = []
        for _ in 0..<600 {
            if Int.random(in: 0..<3, using: &random) > 0 { now += .random(in: 0...gap, using: &random) }
            if case .admitted = limiter.admit(key: [1].span, now: now) { admitted.append(now) }
        }
        for first in admitted.indices {
            for last in first..<admitted.count {
                let allowed =
                    Double(burst + 1) + Double(admitted[last] - admitted[first])
                    * Double(rate.millionthsPerSecond) / 1e9
                #expect(Double(last - first + 1) <= allowed + 1e-6)
            }
        }
    }

    @Test(arguments: 0..<30)
    func `The decisions are those of nginx's arithmetic`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let perSecond = Int64.random(in: 1...500, using: &random)
        let (burst, free) = (Int64.random(in: 0...10, using: &random), Int64.random(in: 0...10, using: &random))
        let limiter = limiter("\(perSecond)r/s", burst: Int(burst), delay: .beyond(Int(free)))
        let rate = perSecond * 1_000
        var state: (excess: Int64, last: Milliseconds)?
        var now: Milliseconds = 1_000
        for _ in 0..<500 {
            now += .random(in: 0...(2_000 / perSecond + 1), using: &random)
            let answer = limiter.admit(key: [7].span, now: now)
            let excess = state.map { max(0, $0.excess - rate * (now - $0.last) / 1_000 + 1_000) } ?? 0
            if excess > burst * 1_000 {
                guard case .refused(0, excess, _) = answer else {
                    Issue.record("nginx refuses with excess \(excess), not: \(answer)")
                    continue
                }
            } else {
                state = (excess, now)
                let delay = excess <= free * 1_000 ? 0 : (excess - free * 1_000) * 1_000 / rate
                #expect(answer == .admitted(delay: delay))
            }
        }
    }
}
