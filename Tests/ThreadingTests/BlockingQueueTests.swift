import Testing
import Threading

struct BlockingQueueTests {
    @Test func `elements come out in the order in which they went in`() {
        let queue = BlockingQueue<Int>()
        for number in 0..<1000 { queue.append(number) }
        #expect((0..<500).map { _ in queue.next() } == (0..<500).map { $0 })
        #expect(queue.nextBatch() == Array(500..<1000))
        #expect(queue.takeAll().isEmpty)
    }

    @Test func `a closed queue hands out what it has, takes nothing more and then ends`() {
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
}
