import Testing

@testable import Queue

struct OccurrencesTests {
    @Test func `The first of many is told, and then one in each interval for all that were not`() {
        var refusals = Occurrences(interval: .seconds(1))
        let start = ContinuousClock.now
        let told = [0, 10, 500, 999, 1000, 1500, 9000].map { refusals.count(at: start + .milliseconds($0)) }
        #expect(told == [1, nil, nil, nil, 4, nil, 2])
    }
}
