import Queue
import Testing

@testable import Worker

@Suite struct `The worker's course` {
    private let start = ContinuousClock.now

    private func working(_ concurrency: Int = 2) -> WorkerLoop {
        var loop = WorkerLoop(concurrency: concurrency, gracePeriod: .seconds(10))
        loop.registered()
        return loop
    }

    private func step(_ loop: inout WorkerLoop, _ view: Workload.View, _ now: WorkerLoop.Instant) -> WorkerLoop.Step {
        loop.next(view, now: now)
    }

    /// One that knows md5 to take 10 µs.
    private func experienced() -> WorkerLoop {
        var loop = working()
        loop.sizer.finished("md5", seconds: 0.000_01)
        loop.sizer.claimed(["md5": 10])
        return loop
    }

    /// An exchange that took 1 ms.
    private func exchanged(_ loop: inout WorkerLoop, stored: Int = 0, claimed: Int, of asked: Int) {
        loop.exchanged(stored: stored, claimed: claimed, of: asked, start: start, end: start + .milliseconds(1))
    }

    @Test func `it registers, and claims at once`() {
        var loop = WorkerLoop(concurrency: 2, gracePeriod: .seconds(10))
        #expect(step(&loop, .init(), start) == .register)
        loop.registered()
        #expect(step(&loop, .init(), start) == .exchange(claim: 3))
    }

    @Test func `pauses between attempts to register double up to a second`() {
        var loop = WorkerLoop(concurrency: 2, gracePeriod: .seconds(10))
        var pauses: [Duration] = []
        for _ in 0..<8 {
            loop.registrationFailed(now: start, jitter: 1)
            guard case .pause(let pause) = loop.next(.init(), now: start) else { break }
            pauses.append(pause)
            #expect(step(&loop, .init(), start + pause) == .register)
        }
        #expect(pauses == [50, 100, 200, 400, 800, 1000, 1000, 1000].map { .milliseconds($0) })
        loop.registrationFailed(now: start, jitter: 0)
        #expect(step(&loop, .init(), start) == .pause(.milliseconds(500)))
    }

    @Test func `where there are suspects all that is here ends first, and then one is claimed at a time`() {
        var loop = experienced()
        func step(_ view: Workload.View, _ now: WorkerLoop.Instant) -> WorkerLoop.Step {
            loop.next(view, now: now, mayHaveSuspects: true)
        }
        let sleep = WorkerLoop.Step.sleep(upTo: .seconds(5), heedWork: false)
        #expect(step(.init(buffered: ["md5": 1], running: 2, busy: 2), start) == sleep)
        #expect(step(.init(ended: 1, running: 1, busy: 1), start) == .exchange(claim: 0))
        exchanged(&loop, stored: 1, claimed: 0, of: 0)
        #expect(step(.init(ended: 1), start) == .exchange(claim: 500))
        loop.exchanged(
            stored: 1, claimed: 1, of: 500, isSuspect: true, start: start, end: start + .milliseconds(1))
        #expect(step(.init(buffered: ["md5": 1]), start + .milliseconds(9)) == sleep)
        #expect(step(.init(running: 1, busy: 1), start + .milliseconds(9)) == sleep)
        #expect(step(.init(ended: 1), start + .milliseconds(9)) == .exchange(claim: 500))
        // It was the last one, and other work was not asked for meanwhile.
        loop.exchanged(stored: 1, claimed: 1, of: 500, isSuspect: true, start: start, end: start)
        #expect(loop.next(.init(), now: start + .milliseconds(9)) == .exchange(claim: 500))
    }

    @Test func `an empty queue is waited for, not asked again`() {
        var loop = working()
        exchanged(&loop, claimed: 0, of: 3)
        #expect(step(&loop, .init(), start) == .sleep(upTo: .seconds(5), heedWork: true))
        loop.woke(.woken)
        #expect(step(&loop, .init(), start) == .sleep(upTo: .seconds(5), heedWork: true))
        loop.woke(.work)
        let later = start + .milliseconds(8)
        #expect(step(&loop, .init(), later) == .exchange(claim: 3))
        exchanged(&loop, claimed: 0, of: 3)
        loop.woke(.timeout)
        #expect(step(&loop, .init(), later) == .exchange(claim: 3))
    }

    @Test func `three claims in vain let the others be first for 8 ms`() {
        var loop = working()
        for _ in 1...2 {
            exchanged(&loop, claimed: 0, of: 3)
            loop.woke(.work)
            #expect(step(&loop, .init(), start + .milliseconds(2)) == .exchange(claim: 3))
        }
        exchanged(&loop, claimed: 0, of: 3)
        loop.woke(.work)
        #expect(step(&loop, .init(), start + .milliseconds(2)) == .pause(.milliseconds(6)))
        #expect(step(&loop, .init(), start + .milliseconds(8)) == .exchange(claim: 3))
    }

    @Test func `under load an exchange of a few waits for twice what the last one took, and then claims along`() {
        var loop = experienced()
        exchanged(&loop, claimed: 3, of: 500)
        exchanged(&loop, claimed: 3, of: 500)
        let view = Workload.View(ended: 3)
        #expect(step(&loop, view, start + .milliseconds(1)) == .pause(.milliseconds(1)))
        #expect(step(&loop, view, start + .milliseconds(2)) == .exchange(claim: 500))
        // One that moved a single task is followed at once.
        exchanged(&loop, stored: 1, claimed: 1, of: 500)
        #expect(step(&loop, .init(ended: 1), start + .milliseconds(1)) == .exchange(claim: 0))
    }

    @Test(arguments: [(isUrgent: false, interval: 8), (true, 2)])
    func `where nobody waits for what was stored exchanges are further apart`(isUrgent: Bool, interval: Int) {
        var loop = experienced()
        for _ in 0..<2 {
            loop.exchanged(
                stored: 3, claimed: 3, of: 500, isUrgent: isUrgent, start: start, end: start + .milliseconds(1))
        }
        let view = Workload.View(ended: 3)
        #expect(step(&loop, view, start + .milliseconds(1)) == .pause(.milliseconds(interval - 1)))
        #expect(step(&loop, view, start + .milliseconds(interval)) == .exchange(claim: 500))
    }

    @Test func `a full claim means there may be more`() {
        var loop = experienced()
        exchanged(&loop, claimed: 500, of: 500)
        #expect(step(&loop, .init(buffered: ["md5": 100], running: 2, busy: 2), start) == .exchange(claim: 500))
        exchanged(&loop, claimed: 399, of: 500)
        let view = Workload.View(buffered: ["md5": 100], running: 2, busy: 2)
        #expect(step(&loop, view, start) == .sleep(upTo: .seconds(5), heedWork: true))
    }

    @Test func `with a backlog the next exchange is begun while one is underway, and then the oldest is waited for`() {
        var loop = experienced()
        exchanged(&loop, claimed: 500, of: 500)
        let view = Workload.View(buffered: ["md5": 500], running: 2, busy: 2)
        #expect(step(&loop, view, start) == .exchange(claim: 500))
        #expect(step(&loop, view, start) == .exchange(claim: 500))
        #expect(step(&loop, .init(ended: 500), start) == .finish)
        exchanged(&loop, claimed: 500, of: 500)
        #expect(step(&loop, .init(ended: 500, buffered: ["md5": 500]), start) == .exchange(claim: 500))
        // The end of the backlog.
        exchanged(&loop, stored: 500, claimed: 20, of: 500)
        #expect(step(&loop, .init(ended: 500, buffered: ["md5": 20]), start) == .finish)
        exchanged(&loop, stored: 500, claimed: 0, of: 500)
        #expect(step(&loop, .init(ended: 520), start + .milliseconds(9)) == .exchange(claim: 500))
        #expect(step(&loop, .init(ended: 1), start + .milliseconds(9)) == .finish)
    }

    @Test func `no exchange is begun beside one that claims a few, or may claim a suspect`() {
        var loop = working()
        loop.sizer.finished("primes", seconds: 0.001)
        loop.sizer.claimed(["primes": 10])
        exchanged(&loop, claimed: 100, of: 100)
        #expect(step(&loop, .init(running: 2, busy: 2), start) == .exchange(claim: 100))
        #expect(step(&loop, .init(running: 2, busy: 2), start) == .finish)

        var alone = experienced()
        exchanged(&alone, claimed: 500, of: 500)
        #expect(step(&alone, .init(ended: 500), start) == .exchange(claim: 500))
        #expect(step(&alone, .init(), start) == .finish)

        var suspicious = experienced()
        exchanged(&suspicious, claimed: 500, of: 500)
        let view = Workload.View(buffered: ["md5": 10], running: 2, busy: 2)
        #expect(step(&suspicious, view, start) == .exchange(claim: 500))
        #expect(suspicious.next(view, now: start, mayHaveSuspects: true) == .finish)
    }

    @Test func `what is underway is waited for before a worker stops, and forgotten with the session`() {
        var loop = experienced()
        exchanged(&loop, claimed: 500, of: 500)
        let view = Workload.View(buffered: ["md5": 10], running: 2, busy: 2)
        #expect(step(&loop, view, start) == .exchange(claim: 500))
        var other = loop
        loop.stop(now: start)
        #expect(step(&loop, view, start) == .finish)
        exchanged(&loop, claimed: 500, of: 500)
        #expect(step(&loop, .init(buffered: ["md5": 510]), start) == .giveBack(keeping: 0))
        other.lost()
        #expect(step(&other, .init(busy: 2), start) == .register)
        other.registered()
        #expect(step(&other, .init(busy: 2), start) == .exchange(claim: 500))
    }

    @Test func `an end is stored at once, with a claim for the idle thread`() {
        var loop = working()
        exchanged(&loop, claimed: 2, of: 2)
        loop.sizer.finished("argon2", seconds: 0.2)
        loop.sizer.claimed(["argon2": 2])
        let busy = Workload.View(running: 2, busy: 2)
        #expect(step(&loop, busy, start) == .sleep(upTo: .seconds(5), heedWork: false))
        #expect(step(&loop, .init(ended: 1, running: 1, busy: 1), start) == .exchange(claim: 1))
    }

    @Test func `where a type is bounded each end claims along, as it may have freed a task`() {
        var loop = experienced()
        exchanged(&loop, stored: 1, claimed: 1, of: 2)
        let view = Workload.View(ended: 1, running: 1, busy: 1)
        var unbounded = loop
        #expect(unbounded.next(view, now: start + .seconds(1)) == .exchange(claim: 0))
        guard case .exchange(let claim) = loop.next(view, now: start + .seconds(1), hasBounds: true) else {
            Issue.record("no exchange")
            return
        }
        #expect(claim > 0)
        exchanged(&loop, stored: 1, claimed: 0, of: claim)
        let sleep = WorkerLoop.Step.sleep(upTo: .seconds(5), heedWork: true)
        #expect(loop.next(.init(running: 1, busy: 1), now: start, hasBounds: true) == sleep)
    }

    @Test func `an end is stored also when there is nothing to claim`() {
        var loop = working()
        exchanged(&loop, claimed: 1, of: 2)
        #expect(step(&loop, .init(ended: 1), start) == .exchange(claim: 0))
    }

    @Test func `threads that still compute for a lost session are not claimed for`() {
        var loop = working()
        loop.sizer.finished("argon2", seconds: 0.2)
        loop.sizer.claimed(["argon2": 2])
        #expect(step(&loop, .init(busy: 2), start) == .sleep(upTo: .seconds(5), heedWork: false))
        #expect(step(&loop, .init(busy: 1), start) == .exchange(claim: 1))
    }

    @Test func `tasks that turn out long are given back`() {
        var loop = experienced()
        loop.sizer.finished("argon2", seconds: 0.2)
        let view = Workload.View(buffered: ["argon2": 400], running: 2, busy: 2)
        #expect(step(&loop, view, start) == .giveBack(keeping: 0))
    }

    @Test func `a lost session is replaced at once`() {
        var loop = working()
        loop.lost()
        #expect(step(&loop, .init(busy: 2), start) == .register)
    }

    @Test func `stopping: give back, finish what runs, sign off, end`() {
        var loop = working()
        loop.stop(now: start)
        let later = start + .seconds(1)
        #expect(step(&loop, .init(ended: 1, buffered: ["md5": 3], running: 2, busy: 2), later) == .giveBack(keeping: 0))
        #expect(step(&loop, .init(ended: 1, running: 2, busy: 2), later) == .exchange(claim: 0))
        exchanged(&loop, claimed: 0, of: 0)
        let running = Workload.View(running: 2, busy: 2)
        #expect(step(&loop, running, later) == .sleep(upTo: .seconds(9), heedWork: false))
        loop.woke(.work)
        loop.stop(now: later)
        #expect(step(&loop, running, later) == .sleep(upTo: .seconds(9), heedWork: false))
        #expect(step(&loop, .init(ended: 2), later) == .exchange(claim: 0))
        exchanged(&loop, stored: 2, claimed: 0, of: 0)
        #expect(step(&loop, .init(), later) == .signOff)
        #expect(step(&loop, .init(), later) == .end)
    }

    @Test func `stopping: after the grace period it signs off, whatever runs`() {
        var loop = working()
        loop.stop(now: start)
        #expect(step(&loop, .init(running: 1, busy: 1), start + .seconds(10)) == .signOff)
        #expect(step(&loop, .init(busy: 1), start + .seconds(10)) == .end)
    }

    @Test func `stopping without a session is the end`() {
        var loop = WorkerLoop(concurrency: 2, gracePeriod: .seconds(10))
        loop.registrationFailed(now: start, jitter: 1)
        loop.stop(now: start)
        #expect(step(&loop, .init(busy: 1), start) == .end)
        var other = working()
        other.stop(now: start)
        other.lost()
        #expect(step(&other, .init(), start) == .end)
    }
}
