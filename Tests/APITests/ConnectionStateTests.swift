import Testing

@testable import API

@Suite struct ConnectionStateTests {
    @Test func `bytes on an idle connection begin a request, and the end of the input closes the connection`() {
        var state = ConnectionState()
        #expect(state.changed(hasBytes: true) == .serve)
        #expect(state.changed(hasBytes: true) == .ignore)
        #expect(state.finish(isReusable: true, isClean: true) == .wait)
        #expect(state.changed(hasBytes: false) == .close)
        #expect(state.changed(hasBytes: true) == .ignore)
    }

    @Test func `an idle connection waits as long as only a part of a header has arrived`() {
        var state = ConnectionState()
        #expect(state.changed(arrival: .incomplete, hasBytes: true) == .wait)
        #expect(state.changed(arrival: .request, hasBytes: true) == .serve)
        #expect(state.changed(arrival: .incomplete, hasBytes: true) == .ignore)
    }

    @Test func `either the answer or the client's disconnect gets a parked connection, never both`() {
        var answered = ConnectionState()
        _ = answered.changed(hasBytes: true)
        answered.park()
        let isResumed = answered.resume()
        #expect(isResumed)
        #expect(answered.changed(hasBytes: false) == .ignore)
        #expect(answered.finish(isReusable: true, isClean: false) == .close)

        var gone = ConnectionState()
        _ = gone.changed(hasBytes: true)
        gone.park()
        #expect(gone.changed(hasBytes: false) == .close)
        let isGoneResumed = gone.resume()
        #expect(!isGoneResumed)
    }

    @Test func `a connection that is not kept lingers until the web server closes it`() {
        var state = ConnectionState()
        _ = state.changed(hasBytes: true)
        #expect(state.finish(isReusable: false, isClean: true) == .linger)
        #expect(state.changed(hasBytes: true) == .discard)
        #expect(state.changed(hasBytes: false) == .close)
    }

    @Test func `draining closes idle connections at once, and others after their response`() {
        var idle = ConnectionState()
        #expect(idle.drain { false } == .close)
        var begun = ConnectionState()
        #expect(begun.drain { true } == .serve)
        #expect(begun.finish(isReusable: true, isClean: true) == .linger)
        var parked = ConnectionState()
        _ = parked.changed(hasBytes: true)
        parked.park()
        #expect(parked.drain { false } == .leave)
        let isResumed = parked.resume()
        #expect(isResumed)
        #expect(parked.finish(isReusable: true, isClean: true) == .linger)
    }

    @Test func `an overdue connection is interrupted if a thread owns it, and closed otherwise`() {
        var state = ConnectionState()
        _ = state.changed(hasBytes: true)
        let first = state.expire()
        #expect(first == .interrupt)
        _ = state.finish(isReusable: false, isClean: true)
        let second = state.expire()
        #expect(second == .close)
        let third = state.expire()
        #expect(third == .leave)
    }
}

extension ConnectionState {
    fileprivate mutating func changed(hasBytes: Bool) -> Event {
        changed(arrival: hasBytes ? .request : .end, hasBytes: hasBytes)
    }
}
