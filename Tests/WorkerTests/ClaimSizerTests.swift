import Testing

@testable import Worker

@Suite struct `Claim sizes` {
    private func sizer(_ concurrency: Int, _ durations: [String: Double], mix: [String: Int]) -> ClaimSizer {
        var sizer = ClaimSizer(concurrency: concurrency)
        for (type, seconds) in durations { sizer.finished(type, seconds: seconds) }
        sizer.claimed(mix)
        return sizer
    }

    @Test func `While no duration is known, one task is claimed per idle thread`() {
        let sizer = ClaimSizer(concurrency: 4)
        #expect(sizer.room(idle: 4, buffered: [:]) == 4 + 2)
        #expect(sizer.room(idle: 0, buffered: ["md5": 2]) == 0)
        #expect(ClaimSizer(concurrency: 1).room(idle: 1, buffered: [:]) == 1)
    }

    @Test func `50 ms of work is buffered per thread`() {
        let sizer = sizer(2, ["primes": 0.001], mix: ["primes": 10])
        #expect(sizer.room(idle: 2, buffered: [:]) == 102)
        #expect(sizer.room(idle: 0, buffered: [:]) == 100)
        #expect(sizer.room(idle: 0, buffered: ["primes": 40]) == 60)
    }

    @Test func `Never more than 500 tasks are claimed`() {
        let sizer = sizer(8, ["md5": 0.000_005], mix: ["md5": 100])
        #expect(sizer.room(idle: 8, buffered: [:]) == 500)
        #expect(sizer.room(idle: 0, buffered: ["md5": 200]) == 300)
    }

    @Test func `While transactions overlap, at most three times 500 tasks are held, including those being claimed`() {
        let sizer = sizer(8, ["md5": 0.000_005], mix: ["md5": 100])
        #expect(sizer.room(idle: 0, buffered: ["md5": 500], mayOverlap: true) == 500)
        #expect(sizer.room(idle: 0, buffered: ["md5": 500], underway: 500, mayOverlap: true) == 500)
        #expect(sizer.room(idle: 0, buffered: ["md5": 700], underway: 500, mayOverlap: true) == 300)
        #expect(sizer.room(idle: 0, buffered: ["md5": 500], underway: 1000, mayOverlap: true) == 0)
    }

    @Test func `Tasks that are being claimed count as buffered work, and for idle threads`() {
        let sizer = sizer(2, ["primes": 0.001], mix: ["primes": 10])
        #expect(sizer.room(idle: 0, buffered: ["primes": 10], underway: 40, mayOverlap: true) == 50)
        #expect(sizer.room(idle: 2, buffered: [:], underway: 1, mayOverlap: true) == 1 + 99)
        #expect(sizer.room(idle: 2, buffered: [:], underway: 60, mayOverlap: true) == 0)
    }

    @Test func `While the buffer is more than half full nothing is claimed, unless a thread has no task`() {
        let sizer = sizer(2, ["primes": 0.001], mix: ["primes": 10])
        #expect(sizer.room(idle: 0, buffered: ["primes": 51]) == 0)
        #expect(sizer.room(idle: 0, buffered: ["primes": 50]) == 50)
        #expect(sizer.room(idle: 2, buffered: ["primes": 1]) == 1 + 99)
    }

    @Test func `Long tasks are not claimed ahead`() {
        let sizer = sizer(2, ["argon2": 0.2], mix: ["argon2": 2])
        #expect(sizer.room(idle: 2, buffered: [:]) == 2)
        #expect(sizer.room(idle: 1, buffered: [:]) == 1)
        #expect(sizer.room(idle: 0, buffered: [:]) == 0)
    }

    @Test func `When long tasks follow short ones, claims become small at once`() {
        var sizer = sizer(2, ["md5": 0.000_01, "argon2": 0.2], mix: ["md5": 500])
        #expect(sizer.room(idle: 0, buffered: [:]) == 500)
        sizer.claimed(["argon2": 500])
        #expect(sizer.room(idle: 0, buffered: [:]) == 0)
    }

    @Test func `If tasks are longer than estimated, all but 50 ms of work is given back`() {
        let sizer = sizer(2, ["md5": 0.000_01, "argon2": 0.2], mix: ["md5": 500])
        #expect(sizer.toKeep(idle: 0, buffered: ["md5": 500]) == nil)
        #expect(sizer.toKeep(idle: 0, buffered: ["argon2": 2]) == nil)
        #expect(sizer.toKeep(idle: 0, buffered: ["argon2": 100]) == 0)
        #expect(sizer.toKeep(idle: 2, buffered: ["argon2": 100]) == 2)
        #expect(sizer.toKeep(idle: 0, buffered: ["argon2": 100, "md5": 300]) == 1)
    }

    @Test func `Estimated durations follow the measured ones`() {
        var sizer = sizer(1, ["x": 1], mix: ["x": 1])
        #expect(sizer.room(idle: 0, buffered: [:]) == 0)
        for _ in 0..<200 { sizer.finished("x", seconds: 0.001) }
        #expect((49...50).contains(sizer.room(idle: 0, buffered: [:])))
    }

    @Test func `A measured duration of zero does not lead to a division by zero`() {
        let sizer = sizer(1, ["x": 0], mix: ["x": 1])
        #expect(sizer.room(idle: 0, buffered: [:]) == 500)
    }
}
