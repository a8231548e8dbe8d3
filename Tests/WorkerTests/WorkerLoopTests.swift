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

    /// A loop that has learned that md5 takes 10 µs.
    private func experienced() -> WorkerLoop {
        var loop = working()
        loop.sizer.finished("md5", seconds: 0.000_01)
        loop.sizer.claimed(["md5": 10])
        return loop
    }

    /// A transaction that took 1 ms.
    private func transacted(_ loop: inout WorkerLoop, stored: Int = 0, claimed: Int, of asked: Int) {
        loop.transacted(stored: stored, claimed: claimed, of: asked, start: start, end: start + .milliseconds(1))
    }

    @Test func `A worker registers, and claims at once`() {
        var loop = WorkerLoop(concurrency: 2, gracePeriod: .seconds(10))
        #expect(step(&loop, .init(), start) == .register)
        loop.registered()
        #expect(step(&loop, .init(), start) == .transact(claim: 3))
    }

    @Test func `Pauses between attempts to register double up to one second`() {
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

    @Test func `If there are suspects, all held tasks end first, and then suspects are claimed one at a time`() {
        var loop = experienced()
        func step(_ view: Workload.View, _ now: WorkerLoop.Instant) -> WorkerLoop.Step {
            loop.next(view, now: now, mayHaveSuspects: true)
        }
        let sleep = WorkerLoop.Step.sleep(upTo: .seconds(5), wakesForWork: false)
        #expect(step(.init(buffered: ["md5": 1], running: 2, busy: 2), start) == sleep)
        #expect(step(.init(ended: 1, running: 1, busy: 1), start) == .transact(claim: 0))
        transacted(&loop, stored: 1, claimed: 0, of: 0)
        #expect(step(.init(ended: 1), start) == .transact(claim: 500))
        loop.transacted(
            stored: 1, claimed: 1, of: 500, isSuspect: true, start: start, end: start + .milliseconds(1))
        #expect(step(.init(buffered: ["md5": 1]), start + .milliseconds(9)) == sleep)
        #expect(step(.init(running: 1, busy: 1), start + .milliseconds(9)) == sleep)
        #expect(step(.init(ended: 1), start + .milliseconds(9)) == .transact(claim: 500))
        // That was the last suspect. While there were suspects, the worker claimed no other tasks. It claims them now.
        loop.transacted(stored: 1, claimed: 1, of: 500, isSuspect: true, start: start, end: start)
        #expect(loop.next(.init(), now: start + .milliseconds(9)) == .transact(claim: 500))
    }

    @Test func `After a claim that found nothing the worker sleeps`() {
        var loop = working()
        transacted(&loop, claimed: 0, of: 3)
        #expect(step(&loop, .init(), start) == .sleep(upTo: .seconds(5), wakesForWork: true))
        loop.woke(.woken)
        #expect(step(&loop, .init(), start) == .sleep(upTo: .seconds(5), wakesForWork: true))
        loop.woke(.work)
        let later = start + .milliseconds(8)
        #expect(step(&loop, .init(), later) == .transact(claim: 3))
        transacted(&loop, claimed: 0, of: 3)
        loop.woke(.timeout)
        #expect(step(&loop, .init(), later) == .transact(claim: 3))
    }

    @Test func `After three claims that found nothing, the worker pauses for 8 ms`() {
        var loop = working()
        for _ in 1...2 {
            transacted(&loop, claimed: 0, of: 3)
            loop.woke(.work)
            #expect(step(&loop, .init(), start + .milliseconds(2)) == .transact(claim: 3))
        }
        transacted(&loop, claimed: 0, of: 3)
        loop.woke(.work)
        #expect(step(&loop, .init(), start + .milliseconds(2)) == .pause(.milliseconds(6)))
        #expect(step(&loop, .init(), start + .milliseconds(8)) == .transact(claim: 3))
    }

    @Test func `Under load a small transaction waits for twice the time of the last one, and then claims as well`() {
        var loop = experienced()
        transacted(&loop, claimed: 3, of: 500)
        transacted(&loop, claimed: 3, of: 500)
        let view = Workload.View(ended: 3)
        #expect(step(&loop, view, start + .milliseconds(1)) == .pause(.milliseconds(1)))
        #expect(step(&loop, view, start + .milliseconds(2)) == .transact(claim: 500))
        // A transaction with a single task is followed by the next one at once.
        transacted(&loop, stored: 1, claimed: 1, of: 500)
        #expect(step(&loop, .init(ended: 1), start + .milliseconds(1)) == .transact(claim: 0))
    }

    @Test(arguments: [(isUrgent: false, interval: 8), (true, 2)])
    func `If nobody waits for the stored tasks, transactions are further apart`(isUrgent: Bool, interval: Int) {
        var loop = experienced()
        for _ in 0..<2 {
            loop.transacted(
                stored: 3, claimed: 3, of: 500, isUrgent: isUrgent, start: start, end: start + .milliseconds(1))
        }
        let view = Workload.View(ended: 3)
        #expect(step(&loop, view, start + .milliseconds(1)) == .pause(.milliseconds(interval - 1)))
        #expect(step(&loop, view, start + .milliseconds(interval)) == .transact(claim: 500))
    }

    @Test func `After a claim that took all it asked for, there may be more tasks`() {
        var loop = experienced()
        transacted(&loop, claimed: 500, of: 500)
        #expect(step(&loop, .init(buffered: ["md5": 100], running: 2, busy: 2), start) == .transact(claim: 500))
        transacted(&loop, claimed: 399, of: 500)
        let view = Workload.View(buffered: ["md5": 100], running: 2, busy: 2)
        #expect(step(&loop, view, start) == .sleep(upTo: .seconds(5), wakesForWork: true))
    }

    @Test
    func
        `With a backlog, a second transaction is begun while one is underway, and then the worker waits for the older one`()
    {
        var loop = experienced()
        transacted(&loop, claimed: 500, of: 500)
        let view = Workload.View(buffered: ["md5": 500], running: 2, busy: 2)
        #expect(step(&loop, view, start) == .transact(claim: 500))
        #expect(step(&loop, view, start) == .transact(claim: 500))
        #expect(step(&loop, .init(ended: 500), start) == .finish)
        transacted(&loop, claimed: 500, of: 500)
        #expect(step(&loop, .init(ended: 500, buffered: ["md5": 500]), start) == .transact(claim: 500))
        // The backlog ends: the claim returns fewer tasks than it asked for.
        transacted(&loop, stored: 500, claimed: 20, of: 500)
        #expect(step(&loop, .init(ended: 500, buffered: ["md5": 20]), start) == .finish)
        transacted(&loop, stored: 500, claimed: 0, of: 500)
        #expect(step(&loop, .init(ended: 520), start + .milliseconds(9)) == .transact(claim: 500))
        #expect(step(&loop, .init(ended: 1), start + .milliseconds(9)) == .finish)
    }

    @Test func `No second transaction is begun beside one that claims few tasks, or may claim a suspect`() {
        var loop = working()
        loop.sizer.finished("primes", seconds: 0.001)
        loop.sizer.claimed(["primes": 10])
        transacted(&loop, claimed: 100, of: 100)
        #expect(step(&loop, .init(running: 2, busy: 2), start) == .transact(claim: 100))
        #expect(step(&loop, .init(running: 2, busy: 2), start) == .finish)

        var alone = experienced()
        transacted(&alone, claimed: 500, of: 500)
        #expect(step(&alone, .init(ended: 500), start) == .transact(claim: 500))
        #expect(step(&alone, .init(), start) == .finish)

        var suspicious = experienced()
        transacted(&suspicious, claimed: 500, of: 500)
        let view = Workload.View(buffered: ["md5": 10], running: 2, busy: 2)
        #expect(step(&suspicious, view, start) == .transact(claim: 500))
        #expect(suspicious.next(view, now: start, mayHaveSuspects: true) == .finish)
    }

    @Test func `A worker waits for transactions that are underway before it stops, unless the session is lost`() {
        var loop = experienced()
        transacted(&loop, claimed: 500, of: 500)
        let view = Workload.View(buffered: ["md5": 10], running: 2, busy: 2)
        #expect(step(&loop, view, start) == .transact(claim: 500))
        var other = loop
        loop.stop(now: start)
        #expect(step(&loop, view, start) == .finish)
        transacted(&loop, claimed: 500, of: 500)
        #expect(step(&loop, .init(buffered: ["md5": 510]), start) == .giveBack(keeping: 0))
        other.lost()
        #expect(step(&other, .init(busy: 2), start) == .register)
        other.registered()
        #expect(step(&other, .init(busy: 2), start) == .transact(claim: 500))
    }

    @Test func `The end of a task is stored at once, together with a claim for the idle thread`() {
        var loop = working()
        transacted(&loop, claimed: 2, of: 2)
        loop.sizer.finished("argon2", seconds: 0.2)
        loop.sizer.claimed(["argon2": 2])
        let busy = Workload.View(running: 2, busy: 2)
        #expect(step(&loop, busy, start) == .sleep(upTo: .seconds(5), wakesForWork: false))
        #expect(step(&loop, .init(ended: 1, running: 1, busy: 1), start) == .transact(claim: 1))
    }

    @Test func `If a type is bounded, each end is stored together with a claim, as another task may run now`() {
        var loop = experienced()
        transacted(&loop, stored: 1, claimed: 1, of: 2)
        let view = Workload.View(ended: 1, running: 1, busy: 1)
        var unbounded = loop
        #expect(unbounded.next(view, now: start + .seconds(1)) == .transact(claim: 0))
        guard case .transact(let claim) = loop.next(view, now: start + .seconds(1), hasBounds: true) else {
            Issue.record("no transaction")
            return
        }
        #expect(claim > 0)
        transacted(&loop, stored: 1, claimed: 0, of: claim)
        let sleep = WorkerLoop.Step.sleep(upTo: .seconds(5), wakesForWork: true)
        #expect(loop.next(.init(running: 1, busy: 1), now: start, hasBounds: true) == sleep)
    }

    @Test func `The end of a task is stored even if there is nothing to claim`() {
        var loop = working()
        transacted(&loop, claimed: 1, of: 2)
        #expect(step(&loop, .init(ended: 1), start) == .transact(claim: 0))
    }

    @Test func `Nothing is claimed for threads that still compute a task of a lost session`() {
        var loop = working()
        loop.sizer.finished("argon2", seconds: 0.2)
        loop.sizer.claimed(["argon2": 2])
        #expect(step(&loop, .init(busy: 2), start) == .sleep(upTo: .seconds(5), wakesForWork: false))
        #expect(step(&loop, .init(busy: 1), start) == .transact(claim: 1))
    }

    @Test func `Buffered tasks that turn out to be long are given back`() {
        var loop = experienced()
        loop.sizer.finished("argon2", seconds: 0.2)
        let view = Workload.View(buffered: ["argon2": 400], running: 2, busy: 2)
        #expect(step(&loop, view, start) == .giveBack(keeping: 0))
    }

    @Test func `A lost session is replaced at once`() {
        var loop = working()
        loop.lost()
        #expect(step(&loop, .init(busy: 2), start) == .register)
    }

    @Test func `On a stop the worker gives back buffered tasks, finishes running ones, signs off, and ends`() {
        var loop = working()
        loop.stop(now: start)
        let later = start + .seconds(1)
        #expect(step(&loop, .init(ended: 1, buffered: ["md5": 3], running: 2, busy: 2), later) == .giveBack(keeping: 0))
        #expect(step(&loop, .init(ended: 1, running: 2, busy: 2), later) == .transact(claim: 0))
        transacted(&loop, claimed: 0, of: 0)
        let running = Workload.View(running: 2, busy: 2)
        #expect(step(&loop, running, later) == .sleep(upTo: .seconds(9), wakesForWork: false))
        loop.woke(.work)
        loop.stop(now: later)
        #expect(step(&loop, running, later) == .sleep(upTo: .seconds(9), wakesForWork: false))
        #expect(step(&loop, .init(ended: 2), later) == .transact(claim: 0))
        transacted(&loop, stored: 2, claimed: 0, of: 0)
        #expect(step(&loop, .init(), later) == .signOff)
        #expect(step(&loop, .init(), later) == .end)
    }

    @Test func `After the grace period the worker signs off, even if tasks still run`() {
        var loop = working()
        loop.stop(now: start)
        #expect(step(&loop, .init(running: 1, busy: 1), start + .seconds(10)) == .signOff)
        #expect(step(&loop, .init(busy: 1), start + .seconds(10)) == .end)
    }

    @Test func `On a stop without a session the worker ends`() {
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
