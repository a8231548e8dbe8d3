import TestSupport
import Testing

@testable import Reactor

struct TimerWheelTests {
    @Test func `a timer fires once, at its deadline and not before`() {
        var wheel = TimerWheel(now: 1000)
        let timer = wheel.make()
        wheel.set(timer, to: 1500)
        #expect(fired(&wheel, 1499) == [])
        #expect(fired(&wheel, 1500) == [timer])
        #expect(fired(&wheel, 99999) == [])
        #expect(wheel.nextEvent == nil)
    }

    @Test func `a timer whose deadline is extended again and again does not fire`() {
        var wheel = TimerWheel(now: 0)
        let timer = wheel.make()
        for now in stride(from: Int64(0), to: 10_000, by: 7) {
            #expect(fired(&wheel, now) == [])
            wheel.set(timer, to: now + 100)
        }
        #expect(fired(&wheel, 10_200) == [timer])
    }

    @Test func `a deadline can be set earlier`() {
        var wheel = TimerWheel(now: 0)
        let timer = wheel.make()
        wheel.set(timer, to: 75_000)
        wheel.set(timer, to: 40)
        #expect(fired(&wheel, 39) == [])
        #expect(fired(&wheel, 40) == [timer])
        #expect(fired(&wheel, 80_000) == [])
    }

    @Test func `a cleared or removed timer does not fire`() {
        var wheel = TimerWheel(now: 0)
        let (first, second, third) = (wheel.make(), wheel.make(), wheel.make())
        for timer in [first, second, third] { wheel.set(timer, to: 50) }
        wheel.clear(first)
        wheel.remove(second)
        #expect(fired(&wheel, 60) == [third])
        #expect(wheel.make() == second)
    }

    @Test func `a due timer is taken once, but not if it was set, cleared or made again since`() {
        var wheel = TimerWheel(now: 0)
        let timers = (0..<4).map { _ in wheel.make() }
        for timer in timers { wheel.set(timer, to: 50) }
        #expect(fired(&wheel, 60).count == 4)
        wheel.set(timers[0], to: 100)
        wheel.clear(timers[1])
        wheel.remove(timers[2])
        #expect(wheel.make() == timers[2])
        let (due, again) = (timers.map { wheel.takeDue($0) }, timers.map { wheel.takeDue($0) })
        #expect(due == [false, false, false, true])
        #expect(again == [false, false, false, false])
    }

    @Test func `a deadline in the past fires at the next advance`() {
        var wheel = TimerWheel(now: 5000)
        let timer = wheel.make()
        wheel.set(timer, to: 10)
        #expect(fired(&wheel, 5001) == [timer])
    }

    /// Compares the wheel with a plain list of deadlines. The clock begins at 2^31 ms, as if the machine had run for 25
    /// days.
    @Test(arguments: 1...8) func `it fires the same timers as a list of deadlines`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var now: Int64 = 1 << 31
        var wheel = TimerWheel(now: now)
        let timers = (0..<200).map { _ in wheel.make() }
        var deadlines: [Int32: Int64] = [:]
        for _ in 0..<5000 {
            let timer = timers[Int.random(in: 0..<200, using: &random)]
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                wheel.clear(timer)
                deadlines[timer] = nil
            case 1...7:
                let distance = Int64(1) << Int64.random(in: 0..<24, using: &random)
                let deadline = now + Int64.random(in: 0...distance, using: &random)
                wheel.set(timer, to: deadline)
                deadlines[timer] = deadline
            default:
                now += Int64.random(in: 1...(1 << Int64.random(in: 0..<18, using: &random)), using: &random)
                let due = deadlines.filter { $0.value <= now }.keys.sorted()
                #expect(fired(&wheel, now).sorted() == due)
                for timer in due { deadlines[timer] = nil }
                if let next = deadlines.values.min() { #expect(wheel.nextEvent! <= next) }
            }
        }
    }

    private func fired(_ wheel: inout TimerWheel, _ now: Int64) -> ContiguousArray<Int32> {
        var list: ContiguousArray<Int32> = []
        wheel.advance(to: now, into: &list)
        return list
    }
}
