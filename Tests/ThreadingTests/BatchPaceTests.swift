import Testing
import Threading

@Suite struct `The pace of batches` {
    private let start = ContinuousClock.now
    private var pace = BatchPace(shortest: .milliseconds(2))

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test mutating func `what comes alone waits for nothing`() {
        #expect(pace.pause(at: start) == .zero)
        pace.ended(1, isCrowded: false, start: start, end: at(1))
        #expect(pace.pause(at: at(1)) == .zero)
    }

    @Test(arguments: [(took: 0, interval: 2), (1, 3), (2, 6), (5, 8), (20, 8)])
    mutating func `a crowd waits in proportion to what the last batch took, from its start`(took: Int, interval: Int) {
        pace.ended(2, isCrowded: true, start: start, end: at(took))
        #expect(pace.pause(at: at(1)) == .milliseconds(interval - 1))
        #expect(pace.pause(at: at(interval)) == .zero)
    }

    @Test(arguments: [(count: 8, interval: 6), (12, 4), (24, 2), (1000, 2)])
    mutating func `the larger a batch was the less there is to wait for`(count: Int, interval: Int) {
        pace.ended(count, isCrowded: true, start: start, end: at(2))
        #expect(pace.pause(at: start) == .milliseconds(interval))
    }

    @Test mutating func `a batch that waited for nobody is followed at once`() {
        pace.ended(2, isCrowded: true, start: start, end: at(1))
        _ = pace.pause(at: at(1))
        pace.ended(1, isCrowded: false, start: at(3), end: at(4))
        #expect(pace.pause(at: at(4)) == .zero)
    }

    @Test mutating func `one that came late enough says nothing about the crowd`() {
        pace.ended(2, isCrowded: true, start: start, end: at(1))
        #expect(pace.pause(at: at(5)) == .zero)
        pace.ended(1, isCrowded: false, start: at(5), end: at(6))
        #expect(pace.pause(at: at(6)) == .milliseconds(2))
    }

    @Test mutating func `after a batch for nothing others go first for 8 ms`() {
        pace.wasVain(start: start)
        #expect(pace.pause(at: at(2)) == .milliseconds(6))
    }

    @Test func `a queue hands out what gathered during the pause as one batch`() {
        let queue = BlockingQueue<Int>()
        let batches = Monitor<[[Int]]>([])
        for number in 0..<10 { queue.append(number) }
        let taker = NamedThread("taker") {
            queue.forEachBatch(BatchPace(shortest: .milliseconds(8))) { batch in
                batches.broadcast { $0.append(batch) }
                // The second batch arrives in parts, while the first one is dealt with and in the pause after it.
                if batch.count == 10 { queue.append(10) }
            }
        }
        _ = batches.wait(for: .seconds(10)) { $0.isEmpty ? nil : true }
        queue.append(11)
        let all = batches.wait(for: .seconds(10)) { $0.joined().count == 12 ? $0 : nil }
        queue.close()
        taker.join()
        #expect(all?.first == Array(0..<10))
        #expect(all?.dropFirst().joined().sorted() == [10, 11])
    }
}
