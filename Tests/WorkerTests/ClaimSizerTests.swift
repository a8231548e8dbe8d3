import Testing

@testable import Worker

@Suite struct `Claim sizes` {
    private func sizer(_ concurrency: Int, _ durations: [String: Double], mix: [String: Int]) -> ClaimSizer {
        var sizer = ClaimSizer(concurrency: concurrency)
        for (type, seconds) in durations { sizer.finished(type, seconds: seconds) }
        sizer.claimed(mix)
        return sizer
    }

    @Test func `as long as nothing is known, one task for each idle thread`() {
        let sizer = ClaimSizer(concurrency: 4)
        #expect(sizer.room(idle: 4, buffered: [:]) == 4 + 2)
        #expect(sizer.room(idle: 0, buffered: ["md5": 2]) == 0)
        #expect(ClaimSizer(concurrency: 1).room(idle: 1, buffered: [:]) == 1)
    }

    @Test func `50 ms of work for each thread is buffered`() {
        let sizer = sizer(2, ["primes": 0.001], mix: ["primes": 10])
        #expect(sizer.room(idle: 2, buffered: [:]) == 102)
        #expect(sizer.room(idle: 0, buffered: [:]) == 100)
        #expect(sizer.room(idle: 0, buffered: ["primes": 40]) == 60)
    }

    @Test func `never more than 500`() {
        let sizer = sizer(8, ["md5": 0.000_005], mix: ["md5": 100])
        #expect(sizer.room(idle: 8, buffered: [:]) == 500)
        #expect(sizer.room(idle: 0, buffered: ["md5": 200]) == 300)
    }

    @Test func `while exchanges overlap, three times 500, what is being claimed included`() {
        let sizer = sizer(8, ["md5": 0.000_005], mix: ["md5": 100])
        #expect(sizer.room(idle: 0, buffered: ["md5": 500], mayOverlap: true) == 500)
        #expect(sizer.room(idle: 0, buffered: ["md5": 500], underway: 500, mayOverlap: true) == 500)
        #expect(sizer.room(idle: 0, buffered: ["md5": 700], underway: 500, mayOverlap: true) == 300)
        #expect(sizer.room(idle: 0, buffered: ["md5": 500], underway: 1000, mayOverlap: true) == 0)
    }

    @Test func `what is being claimed counts as work for 50 ms, and for threads that are idle`() {
        let sizer = sizer(2, ["primes": 0.001], mix: ["primes": 10])
        #expect(sizer.room(idle: 0, buffered: ["primes": 10], underway: 40, mayOverlap: true) == 50)
        #expect(sizer.room(idle: 2, buffered: [:], underway: 1, mayOverlap: true) == 1 + 99)
        #expect(sizer.room(idle: 2, buffered: [:], underway: 60, mayOverlap: true) == 0)
    }

    @Test func `a buffer more than half full is left alone, unless a thread has nothing`() {
        let sizer = sizer(2, ["primes": 0.001], mix: ["primes": 10])
        #expect(sizer.room(idle: 0, buffered: ["primes": 51]) == 0)
        #expect(sizer.room(idle: 0, buffered: ["primes": 50]) == 50)
        #expect(sizer.room(idle: 2, buffered: ["primes": 1]) == 1 + 99)
    }

    @Test func `long tasks are not claimed ahead`() {
        let sizer = sizer(2, ["argon2": 0.2], mix: ["argon2": 2])
        #expect(sizer.room(idle: 2, buffered: [:]) == 2)
        #expect(sizer.room(idle: 1, buffered: [:]) == 1)
        #expect(sizer.room(idle: 0, buffered: [:]) == 0)
    }

    @Test func `after short tasks came long ones, claims become small at once`() {
        var sizer = sizer(2, ["md5": 0.000_01, "argon2": 0.2], mix: ["md5": 500])
        #expect(sizer.room(idle: 0, buffered: [:]) == 500)
        sizer.claimed(["argon2": 500])
        #expect(sizer.room(idle: 0, buffered: [:]) == 0)
    }

    @Test func `a buffer of tasks longer than guessed is given back but for its share`() {
        let sizer = sizer(2, ["md5": 0.000_01, "argon2": 0.2], mix: ["md5": 500])
        #expect(sizer.toKeep(idle: 0, buffered: ["md5": 500]) == nil)
        #expect(sizer.toKeep(idle: 0, buffered: ["argon2": 2]) == nil)
        #expect(sizer.toKeep(idle: 0, buffered: ["argon2": 100]) == 0)
        #expect(sizer.toKeep(idle: 2, buffered: ["argon2": 100]) == 2)
        #expect(sizer.toKeep(idle: 0, buffered: ["argon2": 100, "md5": 300]) == 1)
    }

    @Test func `durations follow what is measured`() {
        var sizer = sizer(1, ["x": 1], mix: ["x": 1])
        #expect(sizer.room(idle: 0, buffered: [:]) == 0)
        for _ in 0..<200 { sizer.finished("x", seconds: 0.001) }
        #expect((49...50).contains(sizer.room(idle: 0, buffered: [:])))
    }

    @Test func `a clock that shows no time divides nothing by zero`() {
        let sizer = sizer(1, ["x": 0], mix: ["x": 1])
        #expect(sizer.room(idle: 0, buffered: [:]) == 500)
    }
}
