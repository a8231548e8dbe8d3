internal import DequeModule

/// The requests that wait for a peer below `max_conns`, first in, first out. An entry names only the loop of its
/// request.
///
/// Each loop keeps its requests in its own first-in, first-out list, so the entries of one loop are interchangeable.
struct WaitQueue {
    /// The maximum number of waiting requests.
    var limit: Int
    private(set) var count = 0
    private var entries: Deque<Int> = []
    /// The number of waiting requests of each loop.
    private var waiting: [Int]
    /// For each loop, the number of entries whose request has left the queue. `popFirst` skips them.
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

    /// Puts back a request that `popFirst` has just removed. The limit does not apply.
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

    /// Removes one request of `loop`.
    /// - Returns: false if `popFirst` has already removed it
    mutating func abandon(_ loop: Int) -> Bool {
        guard waiting[loop] > 0 else { return false }
        waiting[loop] -= 1
        abandoned[loop] += 1
        count -= 1
        forgetIfEmpty()
        return true
    }

    /// If no request waits, all entries are abandoned, and this method removes them.
    private mutating func forgetIfEmpty() {
        guard count == 0 else { return }
        entries.removeAll(keepingCapacity: true)
        for loop in abandoned.indices { abandoned[loop] = 0 }
    }
}
