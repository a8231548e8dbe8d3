internal import DequeModule

/// The order in which loops may pick when places become free: one entry for each waiting request, naming its loop.
///
/// The requests themselves stay in their loops, each in a first-in, first-out list; the entries of one loop are
/// interchangeable.
struct WaitQueue {
    /// The most requests that may wait.
    var limit: Int
    private(set) var count = 0
    private var entries: Deque<Int> = []
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
        entries.prepend(loop)
        waiting[loop] += 1
        count += 1
    }

    mutating func popFirst() -> Int? {
        while count > 0, let loop = entries.popFirst() {
            if abandoned[loop] > 0 {
                abandoned[loop] -= 1
                continue
            }
            waiting[loop] -= 1
            count -= 1
            forgetIfEmpty()
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
        forgetIfEmpty()
        return true
    }

    /// Where nobody waits, all entries are abandoned ones.
    private mutating func forgetIfEmpty() {
        guard count == 0 else { return }
        entries.removeAll(keepingCapacity: true)
        for loop in abandoned.indices { abandoned[loop] = 0 }
    }
}
