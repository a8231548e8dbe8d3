import Testing
import Threading

struct MonitorTests {
    @Test func `a wait returns when another thread makes its condition true`() {
        let monitor = Monitor(0)
        let thread = NamedThread("counter") {
            for _ in 0..<10 { monitor.broadcast { $0 += 1 } }
        }
        #expect(monitor.wait { $0 == 10 ? "ten" : nil } == "ten")
        thread.join()
    }

    @Test func `a wait with a timeout ends after it, not before`() {
        let monitor = Monitor(false)
        let start = ContinuousClock.now
        let outcome: Bool? = monitor.wait(for: .milliseconds(50)) { $0 ? true : nil }
        #expect(outcome == nil)
        #expect(start.duration(to: .now) >= .milliseconds(50))
    }

    @Test func `the lock prevents concurrent changes`() {
        let monitor = Monitor(0)
        let threads = (0..<8).map { index in
            NamedThread("adder-\(index)") {
                for _ in 0..<10_000 { monitor.withLock { $0 += 1 } }
            }
        }
        for thread in threads { thread.join() }
        #expect(monitor.withLock { $0 } == 80_000)
    }
}
