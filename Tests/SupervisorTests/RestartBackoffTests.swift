import Testing

@testable import Supervisor

struct RestartBackoffTests {
    @Test func `the delay before a restart doubles up to a limit, and is reset after a long run`() {
        var backoff = RestartBackoff()
        let delays = (0..<9).map { _ in backoff.delay(afterRunning: .milliseconds(1)) }
        #expect(delays.first == .milliseconds(100))
        #expect(delays[1] == .milliseconds(200))
        #expect(delays.last == RestartBackoff.maxDelay)
        #expect(backoff.delay(afterRunning: .seconds(99)) == RestartBackoff.maxDelay)
        #expect(backoff.delay(afterRunning: .seconds(100)) == .milliseconds(100))
        #expect(backoff.delay(afterRunning: .seconds(2)) == .milliseconds(100))
    }
}
