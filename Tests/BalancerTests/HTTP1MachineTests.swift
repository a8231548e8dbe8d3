import NginxConfig
import Testing

@testable import Balancer

struct HTTP1MachineTests {
    @Test func `an idle connection waits for the first byte of a request`() {
        var machine = HTTP1Machine()
        #expect(machine.nextStep(hasInput: false) == .wait)
        #expect(machine.nextStep(hasInput: true) == .beginRequest)
        #expect(machine.isIdle && machine.isBetweenRequests && machine.activity == .waiting)
        machine.requestBegan()
        #expect(machine.nextStep(hasInput: false) == .parseHead)
        #expect(machine.isReadingHead && !machine.isIdle && machine.activity == .reading)
    }

    @Test func `the header of the PROXY protocol is read once, before the first request`() {
        var machine = HTTP1Machine(awaitsProxyHeader: true)
        #expect(machine.nextStep(hasInput: false) == .wait)
        #expect(machine.nextStep(hasInput: true) == .takeProxyHeader)
        machine.proxyHeaderTaken()
        #expect(machine.nextStep(hasInput: true) == .beginRequest)
    }

    @Test(arguments: [true, false]) func `a request is read and answered, and the next one may come`(hasBody: Bool) {
        var machine = inExchange(hasBody: hasBody)
        #expect(machine.nextStep(hasInput: false) == .transfer)
        #expect(machine.readsBody == hasBody && machine.awaitsResponse && machine.activity == .writing)
        machine.bodyEnded()
        #expect(!machine.readsBody)
        #expect(machine.sent() == nil, "the response is not written to its end")
        machine.responseWritten(keepsAlive: true)
        #expect(!machine.awaitsResponse)
        #expect(machine.sent() == .keepAlive)
        #expect(machine.isBetweenRequests)
    }

    @Test func `after an early answer the rest of the body is read, up to a limit`() {
        var machine = inExchange(hasBody: true)
        machine.responseWritten(keepsAlive: true)
        #expect(machine.sent(bodyCount: HTTP1Machine.maxDiscardedBody) == .wait)
        #expect(machine.sent(bodyCount: HTTP1Machine.maxDiscardedBody + 1) == .linger)
        #expect(machine.isLingering && machine.isIdle)
        #expect(machine.nextStep(hasInput: true) == .discardInput)
    }

    @Test func `after its last response a connection lingers if input may be unread, and otherwise is closed`() {
        func ending(
            hasBody: Bool = false, hasInput: Bool = false, lingering: LingeringClose = .on
        ) -> HTTP1Machine.Ending? {
            var machine = inExchange(hasBody: hasBody)
            machine.responseWritten(keepsAlive: false)
            return machine.responseSent(bodyCount: 0, hasInput: hasInput, lingering: lingering)
        }
        #expect(ending() == .close)
        #expect(ending(hasInput: true) == .linger)
        #expect(ending(hasBody: true) == .linger)
        #expect(ending(lingering: .always) == .linger)
        #expect(ending(hasInput: true, lingering: .off) == .close)
    }

    @Test func `a connection does not linger if the client has ended its input`() {
        var machine = inExchange(hasBody: false)
        machine.peerClosed()
        machine.responseWritten(keepsAlive: true)
        #expect(machine.sent(hasInput: true) == .close)
    }

    @Test func `after a body without a known end the connection takes no other request`() {
        var machine = inExchange(hasBody: true)
        machine.responseWritten(keepsAlive: true)
        machine.bodyBroke()
        #expect(!machine.readsBody)
        #expect(machine.sent() == .close)
        var refused = inExchange(hasBody: false)
        refused.responseWritten(keepsAlive: true)
        refused.forbidKeepAlive()
        #expect(refused.sent() == .close)
    }

    @Test func `the end of the client's input closes an idle connection, and aborts an incomplete request`() {
        var idle = HTTP1Machine()
        #expect(idle.inputEnded() == .close)
        var head = HTTP1Machine()
        head.requestBegan()
        #expect(head.inputEnded() == .abort)
        var body = inExchange(hasBody: true)
        #expect(body.inputEnded() == .abort)
        var response = inExchange(hasBody: false)
        #expect(response.inputEnded() == .none)
        #expect(response.isPeerClosed)
        var lingering = lingering()
        #expect(lingering.inputEnded() == .close)
    }

    @Test func `if the client ends its input, the request is aborted, unless client aborts are ignored`() {
        var machine = inExchange(hasBody: false)
        #expect(!machine.abortsForClosedPeer(ignoresAbort: false))
        machine.peerClosed()
        #expect(machine.abortsForClosedPeer(ignoresAbort: false))
        #expect(!machine.abortsForClosedPeer(ignoresAbort: true))
        machine.responseWritten(keepsAlive: true)
        #expect(!machine.abortsForClosedPeer(ignoresAbort: false), "it gets its response")
    }

    @Test func `if the connection breaks, the request is aborted, unless client aborts are ignored`() {
        var machine = inExchange(hasBody: false)
        #expect(machine.hungUp(ignoresAbort: false) == true)
        #expect(!machine.isPeerClosed)
        #expect(machine.hungUp(ignoresAbort: true) == false)
        #expect(machine.isPeerClosed)
        var body = inExchange(hasBody: true)
        #expect(body.hungUp(ignoresAbort: true) == true, "the request is not complete")
        var idle = HTTP1Machine()
        #expect(idle.hungUp(ignoresAbort: true) == true)
    }

    @Test func `each timeout has its own consequence`() {
        var machine = HTTP1Machine()
        #expect(machine.timedOut(.none, hasInput: true) == .none)
        #expect(machine.timedOut(.keepalive, hasInput: false) == .close)
        #expect(machine.timedOut(.header, hasInput: false) == .close)
        machine.requestBegan()
        #expect(machine.timedOut(.header, hasInput: false) == .close)
        #expect(machine.timedOut(.header, hasInput: true) == .refuseHead)
        machine.headEnded(hasBody: true)
        #expect(machine.timedOut(.body, hasInput: false) == .refuseBody)
        #expect(machine.timedOut(.send, hasInput: false) == .abort)
        #expect(machine.timedOut(.rate, hasInput: false) == .resumeWriting)
        #expect(lingering().timedOut(.linger, hasInput: false) == .close)
    }

    @Test func `a connection is closed once`() {
        var machine = inExchange(hasBody: false)
        let wasOpen = (machine.closed(), machine.closed())
        #expect(wasOpen == (true, false))
        #expect(machine.isClosed && !machine.isInExchange && !machine.isIdle && machine.activity == .closed)
        #expect(machine.nextStep(hasInput: true) == .wait)
        machine.bodyEnded()
        machine.responseWritten(keepsAlive: true)
        #expect(machine.isClosed)
    }

    private func inExchange(hasBody: Bool) -> HTTP1Machine {
        var machine = HTTP1Machine()
        machine.requestBegan()
        machine.headEnded(hasBody: hasBody)
        return machine
    }

    private func lingering() -> HTTP1Machine {
        var machine = inExchange(hasBody: false)
        machine.responseWritten(keepsAlive: false)
        _ = machine.sent(hasInput: true)
        return machine
    }
}

extension HTTP1Machine {
    fileprivate mutating func sent(bodyCount: Int = 0, hasInput: Bool = false) -> Ending? {
        responseSent(bodyCount: bodyCount, hasInput: hasInput, lingering: .on)
    }
}
