import Postgres
import TestSupport
import Testing

@Suite struct BackoffTests {
    @Test func `the ceiling doubles from the base to the cap and starts over after a reset`() {
        var backoff = Backoff(base: .milliseconds(500), cap: .seconds(3))
        var generator = SeededGenerator(seed: 1)
        var ceilings: [Duration] = []
        for _ in 0..<5 {
            ceilings.append(backoff.ceiling)
            _ = backoff.next(using: &generator)
        }
        #expect(ceilings == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(3), .seconds(3)])
        for _ in 0..<200 { _ = backoff.next(using: &generator) }
        #expect(backoff.ceiling == .seconds(3))
        backoff.reset()
        #expect(backoff.ceiling == .milliseconds(500))
    }

    @Test(arguments: 1...20)
    func `pauses are spread evenly over the range below the ceiling`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var thirds = [0, 0, 0]
        for _ in 0..<600 {
            var backoff = Backoff(base: .milliseconds(300), cap: .seconds(1))
            let pause = backoff.next(using: &generator)
            #expect(pause >= .zero && pause <= .milliseconds(300))
            thirds[min(2, Int(pause / .milliseconds(100)))] += 1
        }
        #expect(thirds.allSatisfy { (150...250).contains($0) })
    }
}
