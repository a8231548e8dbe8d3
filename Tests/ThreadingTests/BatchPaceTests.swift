import Testing
import Threading

@Suite struct `The pace of batches` {
    private let start = ContinuousClock.now
    private var pace = BatchPace()

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// A batch that took so long, after another one that began right before it.
    private mutating func crowd(_ count: Int, took: Int) {
        pace.ended(count, start: at(-took), end: start)
        pace.ended(count, start: start, end: at(took))
    }

    @Test mutating func `the first waits for nothing`() {
        #expect(pace.pause(at: start) == .zero)
        pace.ended(100, start: start, end: at(1))
        #expect(pace.pause(at: at(1)) == .zero)
    }

    @Test(arguments: [(took: 1, interval: 2), (2, 4), (5, 8), (20, 8)])
    mutating func `a crowd waits in proportion to what the last batch took, from its start`(took: Int, interval: Int) {
        crowd(3, took: took)
        #expect(pace.pause(at: at(1)) == .milliseconds(interval - 1))
        #expect(pace.pause(at: at(interval)) == .zero)
    }

    @Test(arguments: [(count: 3, interval: 4), (4, 3), (6, 2), (1000, 2)])
    mutating func `the larger a batch was the less there is to wait for`(count: Int, interval: Int) {
        crowd(count, took: 2)
        #expect(pace.pause(at: start) == .milliseconds(interval))
    }

    @Test(arguments: [(count: 10, interval: 8), (25, 8), (50, 4), (100, 2), (200, 1)])
    mutating func `where nobody waits for batches they share their cost among more`(count: Int, interval: Int) {
        pace.ended(count, patience: .long, start: at(-1), end: start)
        pace.ended(count, patience: .long, start: start, end: at(1))
        #expect(pace.pause(at: start) == .milliseconds(interval))
    }

    @Test(arguments: [(count: 1, since: 2), (2, 3), (10, 12)])
    mutating func `where fewer than two come in the time of a batch nobody waits`(count: Int, since: Int) {
        pace.ended(count, start: at(-since), end: at(2 - since))
        pace.ended(count, start: start, end: at(2))
        #expect(pace.pause(at: at(2)) == .zero)
    }

    @Test mutating func `a pause that nobody used is the last`() {
        crowd(3, took: 2)
        #expect(pace.pause(at: at(2)) == .milliseconds(2))
        pace.ended(1, start: at(4), end: at(6))
        #expect(pace.pause(at: at(6)) == .zero)
    }

    @Test mutating func `with a backlog there is nothing to wait for`() {
        pace.ended(3, start: at(-2), end: start)
        pace.ended(3, isBacklog: true, start: start, end: at(2))
        #expect(pace.pause(at: at(2)) == .zero)
    }

    @Test mutating func `after three batches for nothing others go first for 8 ms`() {
        pace.wasVain(start: at(0))
        pace.wasVain(start: at(1))
        #expect(pace.pause(at: at(1)) == .zero)
        pace.wasVain(start: at(2))
        #expect(pace.pause(at: at(4)) == .milliseconds(6))
        pace.ended(1, start: at(10), end: at(11))
        pace.wasVain(start: at(12))
        #expect(pace.pause(at: at(13)) == .zero)
    }

    @Test func `a queue hands out all that gathered as one batch`() {
        let queue = BlockingQueue<Int>()
        let batches = Monitor<[[Int]]>([])
        for number in 0..<10 { queue.append(number) }
        let taker = NamedThread("taker") {
            queue.forEachBatch(BatchPace()) { batch in
                if batch.first == 0 { for number in 10..<20 { queue.append(number) } }
                batches.broadcast { $0.append(batch) }
            }
        }
        let all = batches.wait(for: .seconds(10)) { $0.joined().count == 20 ? $0 : nil }
        queue.close()
        taker.join()
        #expect(all == [Array(0..<10), Array(10..<20)])
    }
}
