import Testing

@testable import Queue

@Suite struct LogThrottleTests {
    @Test func `The first of many events is logged, and then one per interval for all that were not`() {
        var throttle = LogThrottle(interval: .seconds(1))
        let start = ContinuousClock.now
        let logged = [0, 10, 500, 999, 1000, 1500, 9000].map { throttle.count(at: start + .milliseconds($0)) }
        #expect(logged == [1, nil, nil, nil, 4, nil, 2])
    }
}
