/// The order in which loops may pick when places become free: one entry for each waiting request, naming its loop.
///
/// The requests themselves stay in their loops, each in a first-in, first-out list; the entries of one loop are
/// interchangeable.
struct WaitQueue {
    /// The most requests that may wait.
    var limit: Int
    private(set) var count = 0
    private var entries: [Int] = []
    private var head = 0
    /// Of each loop: requests that wait, and entries in front of theirs that stand for none and are passed over.
    private var waiting: [Int]
    private var abandoned: [Int]

    init(limit: Int, loops: Int) {
        self.limit = limit
        waiting = Array(repeating: 0, count: loops)
        abandoned = waiting
    }

    mutating func append(_ loop: Int) -> Bool {
        guard count < limit else { return false }
        entries.append(loop)
        waiting[loop] += 1
        count += 1
        return true
    }

    /// Puts one back that was at its turn. It had a place already, so the limit does not count.
    mutating func prepend(_ loop: Int) {
        if head > 0 {
            head -= 1
            entries[head] = loop
        } else {
            entries.insert(loop, at: 0)
        }
        waiting[loop] += 1
        count += 1
    }

    mutating func popFirst() -> Int? {
        while count > 0 {
            let loop = entries[head]
            head += 1
            if abandoned[loop] > 0 {
                abandoned[loop] -= 1
                continue
            }
            waiting[loop] -= 1
            count -= 1
            compact()
            return loop
        }
        return nil
    }

    /// One request of `loop` no longer waits.
    /// - Returns: false if no entry is left for it: its turn is under way.
    mutating func abandon(_ loop: Int) -> Bool {
        guard waiting[loop] > 0 else { return false }
        waiting[loop] -= 1
        abandoned[loop] += 1
        count -= 1
        compact()
        return true
    }

    private mutating func compact() {
        if count == 0 {
            entries.removeAll(keepingCapacity: true)
            head = 0
            for loop in abandoned.indices { abandoned[loop] = 0 }
        } else if head > 64, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }
}
