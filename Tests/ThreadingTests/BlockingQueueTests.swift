import Testing
import Threading

struct BlockingQueueTests {
    @Test func `elements keep their order`() {
        let queue = BlockingQueue<Int>()
        for number in 0..<1000 { queue.append(number) }
        #expect((0..<500).map { _ in queue.next() } == (0..<500).map { $0 })
        #expect(queue.nextBatch() == Array(500..<1000))
        #expect(queue.takeAll().isEmpty)
    }

    @Test func `a closed queue returns its elements, accepts no more and then ends`() {
        let queue = BlockingQueue<Int>()
        queue.append(1)
        queue.close()
        #expect(!queue.append(2))
        #expect(queue.next() == 1)
        #expect(queue.next() == nil)
        #expect(queue.nextBatch().isEmpty)
    }

    @Test func `a taker waits for an element, and closing wakes every taker`() {
        let queue = BlockingQueue<Int>()
        let taken = Monitor<[Int]>([])
        let takers = (0..<4).map { index in
            NamedThread("taker-\(index)") {
                while let element = queue.next() { taken.broadcast { $0.append(element) } }
            }
        }
        for number in 0..<100 { queue.append(number) }
        let all = taken.wait(for: .seconds(10)) { $0.count == 100 ? $0.sorted() : nil }
        #expect(all == Array(0..<100))
        queue.close()
        for taker in takers { taker.join() }
    }

    @Test func `batches have all elements in order, including those that are added in a pause`() {
        let queue = BlockingQueue<Int>()
        let taken = Monitor<[[Int]]>([])
        let thread = NamedThread("test-batches") {
            queue.forEachBatch(BatchPace()) { batch in
                taken.withLock { $0.append(batch) }
                // Only a few elements are added in this time, so there is a pause before the next batch.
                sleepCurrentThread(for: .milliseconds(3))
            }
        }
        for number in 0..<200 {
            queue.append(number)
            sleepCurrentThread(for: .milliseconds(1))
        }
        queue.close()
        thread.join()
        #expect(taken.withLock { Array($0.joined()) } == Array(0..<200))
    }
}
