/// Deadlines of many connections, each set again and again and seldom reached: a hierarchical timing wheel
/// (Varghese and Lauck) over milliseconds, in arrays, without a clock of its own.
///
/// Level `n` has 64 slots of `64ⁿ` ms. Setting a deadline later than the place a timer already has moves nothing:
/// the timer is put in its right place when the old one comes up. So a connection that pushes its time-out ahead
/// with each request pays one store for it.
package struct TimerWheel {
    private static let levels = 8
    private static let none: Int32 = -1
    private static let never = Int64.max

    private struct Node {
        var deadline = TimerWheel.never
        /// The slot it is linked in, as `level * 64 + slot`, or -1.
        var slot = TimerWheel.none
        /// It was reached and has not been taken.
        var isDue = false
        /// When that slot comes up, at the latest.
        var place = TimerWheel.never
        var next = TimerWheel.none
        var previous = TimerWheel.none
    }

    private var nodes: ContiguousArray<Node> = []
    private var free: ContiguousArray<Int32> = []
    private var heads = ContiguousArray<Int32>(repeating: TimerWheel.none, count: TimerWheel.levels * 64)
    private var occupied = ContiguousArray<UInt64>(repeating: 0, count: TimerWheel.levels)
    private var current: Int64

    /// - Parameter now: milliseconds, as all times here.
    package init(now: Int64) { current = now }

    /// A new timer, not set.
    package mutating func make() -> Int32 {
        if let index = free.popLast() {
            nodes[Int(index)] = Node()
            return index
        }
        nodes.append(Node())
        return Int32(nodes.count - 1)
    }

    /// Gives the timer's number back.
    package mutating func remove(_ timer: Int32) {
        unlink(timer)
        nodes[Int(timer)].isDue = false
        free.append(timer)
    }

    /// The timer will fire once, at the first ``advance(to:into:)`` that reaches `deadline`.
    package mutating func set(_ timer: Int32, to deadline: Int64) {
        let index = Int(timer)
        nodes[index].deadline = deadline
        nodes[index].isDue = false
        if nodes[index].slot >= 0 {
            if nodes[index].place <= deadline { return }
            unlink(timer)
        }
        link(timer)
    }

    /// The timer will not fire.
    package mutating func clear(_ timer: Int32) {
        nodes[Int(timer)].deadline = Self.never
        nodes[Int(timer)].isDue = false
    }

    /// Whether the timer was reached, and neither set anew nor cleared nor removed since; the next call says no.
    package mutating func takeDue(_ timer: Int32) -> Bool {
        defer { nodes[Int(timer)].isDue = false }
        return nodes[Int(timer)].isDue
    }

    package func isSet(_ timer: Int32) -> Bool { nodes[Int(timer)].deadline != Self.never }

    /// When ``advance(to:into:)`` has something to do, at the earliest; `nil`: nothing is set.
    package var nextEvent: Int64? { nextSlot()?.time }

    /// Moves the time on.
    /// - Parameter fired: gets the timers that were reached, earliest slot first; they are not set any more.
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

    /// The levels hold disjoint stretches of time, nearest first, and within one rotation of a level every
    /// occupied slot lies ahead of the current one: so the first bit of the first level in use is the next.
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
        // A deadline that has passed comes up next; one beyond the wheel's 8,900 years is as good as never.
        let deadline = min(max(nodes[index].deadline, current + 1), current + 1 << 46)
        let difference = UInt64(bitPattern: (current ^ deadline) | 63)
        let level = min((63 - difference.leadingZeroBitCount) / 6, Self.levels - 1)
        let slot = Int32(level * 64) + Int32((deadline >> Int64(6 * level)) & 63)
        let head = heads[Int(slot)]
        nodes[index].slot = slot
        nodes[index].place = deadline
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
