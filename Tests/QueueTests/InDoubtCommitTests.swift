import Testing

@testable import Queue

@Suite struct InDoubtCommitTests {
    private let start = ContinuousClock.now
    private let first = ServerSession(process: 1, startedAt: 10)
    private let second = ServerSession(process: 2, startedAt: 20)

    @Test func `A transaction whose connection holds is not in doubt`() {
        let commit = InDoubtCommit(at: start, limit: .seconds(5))
        #expect(commit.session == nil)
        #expect(commit.stored.isEmpty)
    }

    @Test func `Of several losses in a row the first session is the one in doubt`() {
        var commit = InDoubtCommit(at: start, limit: .seconds(5))
        let isTried = commit.connectionLost(first, at: start)
        // The connection that asks about the first session is lost as well.
        let isTriedAgain = commit.connectionLost(second, at: start + .seconds(1))
        #expect(isTried && isTriedAgain)
        #expect(commit.session == first)
    }

    @Test func `When the doubt is resolved, a later loss is a new doubt`() {
        var commit = InDoubtCommit(at: start, limit: .seconds(5))
        let ids = [TaskID(), TaskID()]
        _ = commit.connectionLost(first, at: start)
        commit.resolved(stored: [ids[0]])
        #expect(commit.session == nil)
        #expect(commit.stored == [ids[0]])
        _ = commit.connectionLost(second, at: start)
        #expect(commit.session == second)
        commit.resolved(stored: Set(ids))
        #expect(commit.stored == Set(ids))
    }

    @Test func `Two seconds after the first loss the outcome is unknown`() {
        var commit = InDoubtCommit(at: start, limit: .seconds(5))
        let isTried = commit.connectionLost(first, at: start + .seconds(1))
        let isTriedAgain = commit.connectionLost(nil, at: start + .milliseconds(2999))
        #expect(commit.timeLeft(at: start + .seconds(2)) == .seconds(1))
        let isTriedAfterwards = commit.connectionLost(first, at: start + .seconds(3))
        #expect(isTried && isTriedAgain && !isTriedAfterwards)
        #expect(commit.session == first)
    }

    @Test func `After the time of a whole transaction the outcome is unknown`() {
        var commit = InDoubtCommit(at: start, limit: .seconds(5))
        let isTried = commit.connectionLost(first, at: start + .seconds(5))
        #expect(!isTried)
        #expect(commit.timeLeft(at: start + .seconds(5)) == .zero)
    }

    @Test func `A session that cannot have committed leaves no doubt`() {
        var commit = InDoubtCommit(at: start, limit: .seconds(5))
        let isTried = commit.connectionLost(nil, at: start)
        #expect(isTried)
        #expect(commit.session == nil)
    }
}
