import Testing

@testable import Queue

@Suite struct WakeScheduleTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// The next step of a worker that has slept from time 0 until `milliseconds`.
    private func step(
        _ schedule: WakeSchedule, at milliseconds: Int, fullScan: ContinuousClock.Instant? = nil
    ) -> WakeSchedule.Step {
        schedule.next(sleepingSince: start, fullScan: fullScan, now: at(milliseconds))
    }

    /// The state after a claim that found nothing.
    private func afterClaim(areBoundsContended: Bool = false) -> WakeSchedule {
        var schedule = WakeSchedule()
        schedule.registered()
        schedule.claimSent()
        schedule.claimed(areBoundsContended: areBoundsContended)
        return schedule
    }

    @Test func `A new session claims at once`() {
        var schedule = WakeSchedule()
        schedule.registered()
        #expect(step(schedule, at: 0) == .claim)
    }

    @Test func `A notification wakes the worker until it sends a claim`() {
        var schedule = afterClaim()
        schedule.workAnnounced()
        #expect(step(schedule, at: 0) == .claim)
        #expect(step(schedule, at: 1000) == .claim)
        schedule.claimSent()
        #expect(step(schedule, at: 0) == .sleep(until: at(5)))
        // The next notification arrives while the claim is underway, so the claim possibly does not see the new task.
        schedule.workAnnounced()
        schedule.claimed(areBoundsContended: false)
        #expect(step(schedule, at: 0) == .claim)
    }

    @Test func `After 5 ms without a notification, the database is asked once what is due`() {
        var schedule = afterClaim()
        #expect(step(schedule, at: 4) == .sleep(until: at(5)))
        #expect(step(schedule, at: 5) == .ask)
        schedule.learned(nextDue: nil, isBoundedWorkLeft: false)
        #expect(step(schedule, at: 5) == .sleep(until: nil))
        #expect(step(schedule, at: 5000) == .sleep(until: nil))
        schedule.claimSent()
        #expect(step(schedule, at: 5) == .ask)
    }

    @Test func `A postponed task wakes the worker when it is due`() {
        var schedule = afterClaim()
        schedule.learned(nextDue: at(300), isBoundedWorkLeft: false)
        #expect(step(schedule, at: 6) == .sleep(until: at(300)))
        #expect(step(schedule, at: 299) == .sleep(until: at(300)))
        #expect(step(schedule, at: 300) == .claim)
    }

    @Test(arguments: [(false, 40), (true, 5)])
    func `Tasks of a bounded type are looked for again, sooner if another claim had the type`(
        areBoundsContended: Bool, pause: Int
    ) {
        var schedule = afterClaim(areBoundsContended: areBoundsContended)
        schedule.learned(nextDue: at(300), isBoundedWorkLeft: true)
        #expect(step(schedule, at: 1) == .sleep(until: at(pause)))
        #expect(step(schedule, at: pause) == .claim)
        schedule.learned(nextDue: at(2), isBoundedWorkLeft: true)
        #expect(step(schedule, at: 1) == .sleep(until: at(2)))
        // After a claim, the schedule knows nothing about bounded types until it asks the database again.
        schedule.claimSent()
        #expect(step(schedule, at: 1) == .sleep(until: at(5)))
    }

    @Test func `A full scan that is due wakes the worker, even if nothing else is due`() {
        var schedule = afterClaim()
        #expect(step(schedule, at: 0, fullScan: at(2)) == .sleep(until: at(2)))
        #expect(step(schedule, at: 2, fullScan: at(2)) == .claim)
        // After 5 ms without a notification, the worker asks the database first, even if a full scan is due.
        #expect(step(schedule, at: 5, fullScan: at(2)) == .ask)
        schedule.learned(nextDue: at(300), isBoundedWorkLeft: false)
        #expect(step(schedule, at: 6, fullScan: at(100)) == .sleep(until: at(100)))
        #expect(step(schedule, at: 100, fullScan: at(100)) == .claim)
    }
}
