import Testing
import Threading

struct ConsumersTests {
    @Test func `elements that are added before the end are consumed, later ones are refused`() {
        let taken = Monitor<[Int]>([])
        let consumers = Consumers<Int>("consumer") { queue in
            while let element = queue.next() {
                sleepCurrentThread(for: .milliseconds(1))
                taken.withLock { $0.append(element) }
            }
        }
        for number in 0..<50 { #expect(consumers.add(number)) }
        consumers.finish()
        #expect(taken.withLock { $0 } == Array(0..<50))
        #expect(!consumers.add(50))
        consumers.finish()
    }

    @Test func `several threads share the queue`() {
        let here = Monitor(0)
        let consumers = Consumers<Int>("consumer", count: 3) { queue in
            while queue.next() != nil {
                // Each thread waits here until all three have taken an element.
                here.broadcast { $0 += 1 }
                _ = here.wait(for: .seconds(10)) { $0 >= 3 ? true : nil }
            }
        }
        for number in 0..<3 { consumers.add(number) }
        #expect(here.wait(for: .seconds(10)) { $0 == 3 ? true : nil } == true)
        consumers.finish()
    }
}
