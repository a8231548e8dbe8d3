import Balancing
import Testing

struct RequestRateTests {
    @Test(arguments: [
        (1, 1, 1_000_000), (100, 1, 100_000_000), (1, 60, 16_000), (100, 60, 1_666_000), (30, 60, 500_000),
    ])
    func `A rate in whole requests is rounded down to a thousandth per second, as in nginx`(
        requests: Int, seconds: Int, millionths: Int64
    ) {
        #expect(RequestRate(requests: requests, per: seconds)?.millionthsPerSecond == millionths)
    }

    @Test(arguments: [(0, 1), (-1, 1), (1, 0), (1, 1_001), (1_000_000_001, 1)])
    func `A rate that is zero after rounding, or too large, is refused`(requests: Int, seconds: Int) {
        #expect(RequestRate(requests: requests, per: seconds) == nil)
    }

    @Test func `A rate in millionths is exact`() {
        #expect(RequestRate(millionthsPerSecond: 1)?.millionthsPerSecond == 1)
        #expect(RequestRate(millionthsPerSecond: 0) == nil)
        #expect(RequestRate(millionthsPerSecond: .max) == nil)
    }
}
