/// A hierarchical timing wheel (Varghese and Lauck) with a resolution of 1 ms. It is made for many connections whose
/// deadlines are set often and seldom reached. It reads no clock: the caller passes the time.
///
/// Level `n` has 64 slots of `64ⁿ` ms. If a timer is set to a later deadline, the timer stays in its slot, and moves on
/// only when the time of that slot comes. So if a connection extends its timeout with each request, this costs only one
/// memory write per request.
package struct TimerWheel {
    private static let levels = 8
    private static let none: Int32 = -1
    private static let never = Int64.max

    private struct Node {
        var deadline = TimerWheel.never
        /// The slot that the timer is linked in, as `level * 64 + slot`; -1 if it is in none.
        var slot = TimerWheel.none
        /// Whether the deadline was reached and ``takeDue(_:)`` was not called yet.
        var isDue = false
        /// The deadline that the timer had when it was linked in its slot. The time of the slot is not later than this
        /// deadline.
        var linkedDeadline = TimerWheel.never
        var next = TimerWheel.none
        var previous = TimerWheel.none
    }

    private var nodes: ContiguousArray<Node> = []
    private var free: ContiguousArray<Int32> = []
    private var heads = ContiguousArray<Int32>(repeating: TimerWheel.none, count: TimerWheel.levels * 64)
    private var occupied = ContiguousArray<UInt64>(repeating: 0, count: TimerWheel.levels)
    private var current: Int64

    /// - Parameter now: in milliseconds, as all times of this type
    package init(now: Int64) { current = now }

    /// Makes a timer that is not set.
    package mutating func make() -> Int32 {
        if let index = free.popLast() {
            nodes[Int(index)] = Node()
            return index
        }
        nodes.append(Node())
        return Int32(nodes.count - 1)
    }

    /// Removes the timer. Its number will be reused.
    package mutating func remove(_ timer: Int32) {
        unlink(timer)
        nodes[Int(timer)].isDue = false
        free.append(timer)
    }

    /// Makes the timer fire once, at the first ``advance(to:into:)`` that reaches `deadline`.
    package mutating func set(_ timer: Int32, to deadline: Int64) {
        let index = Int(timer)
        nodes[index].deadline = deadline
        nodes[index].isDue = false
        if nodes[index].slot >= 0 {
            if nodes[index].linkedDeadline <= deadline { return }
            unlink(timer)
        }
        link(timer)
    }

    /// Cancels the timer, so that it does not fire.
    package mutating func clear(_ timer: Int32) {
        nodes[Int(timer)].deadline = Self.never
        nodes[Int(timer)].isDue = false
    }

    /// Whether the deadline was reached and the timer was not set, cleared or removed since. Further calls return
    /// false.
    package mutating func takeDue(_ timer: Int32) -> Bool {
        defer { nodes[Int(timer)].isDue = false }
        return nodes[Int(timer)].isDue
    }

    package func isSet(_ timer: Int32) -> Bool { nodes[Int(timer)].deadline != Self.never }

    /// The earliest time at which ``advance(to:into:)`` may have something to do; nil if no timer is set.
    package var nextEvent: Int64? { nextSlot()?.time }

    /// Advances the time.
    /// - Parameter fired: receives the timers whose deadline was reached, earliest slot first. They are no longer set.
    package mutating func advance(to now: Int64, into fired: inout ContiguousArray<Int32>) {
        while let (slot, time) = nextSlot(), time <= now {
            current = max(current, time)
            var timer = heads[slot]
            heads[slot] = Self.none
            occupied[slot >> 6] &= ~(1 << UInt64(slot & 63))
            while timer != Self.none {
                let index = Int(timer)
                let next = nodes[index].next
                nodes[index].slot = Self.none
                nodes[index].next = Self.none
                nodes[index].previous = Self.none
                if nodes[index].deadline <= now {
                    nodes[index].deadline = Self.never
                    nodes[index].isDue = true
                    fired.append(timer)
                } else if nodes[index].deadline != Self.never {
                    link(timer)
                }
                timer = next
            }
        }
        current = max(current, now)
    }

    /// The next occupied slot and its time. The levels cover disjoint ranges of time, and a lower level covers an
    /// earlier range. Within one rotation of a level, every occupied slot is later than the current slot. So the lowest
    /// occupied slot of the lowest occupied level comes next.
    private func nextSlot() -> (slot: Int, time: Int64)? {
        for level in 0..<Self.levels where occupied[level] != 0 {
            let slot = occupied[level].trailingZeroBitCount
            let shift = Int64(6 * level)
            let start = current & ~((1 << (shift + 6)) - 1)
            return (level * 64 + slot, start + Int64(slot) << shift)
        }
        return nil
    }

    private mutating func link(_ timer: Int32) {
        let index = Int(timer)
        // A deadline in the past gets the next slot. A deadline that is more than 2⁴⁶ ms (2,200 years) ahead is
        // shortened to 2⁴⁶ ms; the wheel covers 8,900 years.
        let deadline = min(max(nodes[index].deadline, current + 1), current + 1 << 46)
        let difference = UInt64(bitPattern: (current ^ deadline) | 63)
        let level = min((63 - difference.leadingZeroBitCount) / 6, Self.levels - 1)
        let slot = Int32(level * 64) + Int32((deadline >> Int64(6 * level)) & 63)
        let head = heads[Int(slot)]
        nodes[index].slot = slot
        nodes[index].linkedDeadline = deadline
        nodes[index].next = head
        nodes[index].previous = Self.none
        if head != Self.none { nodes[Int(head)].previous = timer }
        heads[Int(slot)] = timer
        occupied[level] |= 1 << UInt64(slot & 63)
    }

    private mutating func unlink(_ timer: Int32) {
        let node = nodes[Int(timer)]
        guard node.slot >= 0 else { return }
        if node.previous == Self.none {
            heads[Int(node.slot)] = node.next
            if node.next == Self.none { occupied[Int(node.slot) >> 6] &= ~(1 << UInt64(node.slot & 63)) }
        } else {
            nodes[Int(node.previous)].next = node.next
        }
        if node.next != Self.none { nodes[Int(node.next)].previous = node.previous }
        nodes[Int(timer)].slot = Self.none
        nodes[Int(timer)].next = Self.none
        nodes[Int(timer)].previous = Self.none
    }
}
