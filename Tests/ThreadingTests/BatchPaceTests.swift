import Testing
import Threading

@Suite struct `The pace of batches` {
    private let start = ContinuousClock.now
    private var pace = BatchPace()

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// Records two batches of the same size and duration. The second one begins when the first one ends, so the system
    /// is busy.
    private mutating func makeBusy(_ count: Int, took: Int) {
        pace.ended(count, start: at(-took), end: start)
        pace.ended(count, start: start, end: at(took))
    }

    @Test mutating func `the first batches do not wait`() {
        #expect(pace.pause(at: start) == .zero)
        pace.ended(100, start: start, end: at(1))
        #expect(pace.pause(at: at(1)) == .zero)
    }

    @Test(arguments: [(took: 1, interval: 2), (2, 4), (5, 8), (20, 8)])
    mutating func `under load the interval is proportional to the duration of the last batch`(took: Int, interval: Int)
    {
        makeBusy(3, took: took)
        #expect(pace.pause(at: at(1)) == .milliseconds(interval - 1))
        #expect(pace.pause(at: at(interval)) == .zero)
    }

    @Test(arguments: [(count: 3, interval: 4), (4, 3), (6, 2), (1000, 2)])
    mutating func `the larger a batch was, the shorter the pause is`(count: Int, interval: Int) {
        makeBusy(count, took: 2)
        #expect(pace.pause(at: start) == .milliseconds(interval))
    }

    @Test(arguments: [(count: 10, interval: 8), (25, 8), (50, 4), (100, 2), (200, 1)])
    mutating func `for throughput the pauses are longer`(count: Int, interval: Int) {
        pace.ended(count, goal: .throughput, start: at(-1), end: start)
        pace.ended(count, goal: .throughput, start: start, end: at(1))
        #expect(pace.pause(at: start) == .milliseconds(interval))
    }

    @Test(arguments: [(count: 1, since: 2), (2, 3), (10, 12)])
    mutating func `if fewer than two requests arrive in the time of a batch, there is no pause`(count: Int, since: Int)
    {
        pace.ended(count, start: at(-since), end: at(2 - since))
        pace.ended(count, start: start, end: at(2))
        #expect(pace.pause(at: at(2)) == .zero)
    }

    @Test mutating func `a pause in which no request arrived is the last one`() {
        makeBusy(3, took: 2)
        #expect(pace.pause(at: at(2)) == .milliseconds(2))
        pace.ended(1, start: at(4), end: at(6))
        #expect(pace.pause(at: at(6)) == .zero)
    }

    @Test mutating func `with a backlog there is no pause`() {
        pace.ended(3, start: at(-2), end: start)
        pace.ended(3, isBacklog: true, start: start, end: at(2))
        #expect(pace.pause(at: at(2)) == .zero)
    }

    @Test mutating func `after three empty batches the next one waits for 8 ms`() {
        pace.endedEmpty(start: at(0))
        pace.endedEmpty(start: at(1))
        #expect(pace.pause(at: at(1)) == .zero)
        pace.endedEmpty(start: at(2))
        #expect(pace.pause(at: at(4)) == .milliseconds(6))
        pace.ended(1, start: at(10), end: at(11))
        pace.endedEmpty(start: at(12))
        #expect(pace.pause(at: at(13)) == .zero)
    }

    @Test func `a queue returns all waiting elements as one batch`() {
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
