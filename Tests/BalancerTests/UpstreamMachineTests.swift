import NginxConfig
import Testing

@testable import Balancer

struct UpstreamMachineTests {
    private typealias Machine = UpstreamMachine
    private let oneOfThree = UpstreamMachine.Tries(count: 1, elapsed: .zero, peers: 3)

    @Test func `a request goes to one peer and ends with its answer`() {
        var machine = Machine(isIdempotent: false)
        #expect(machine.requestReady() == .choose(isDequeued: false))
        #expect(machine.requestReady() == .none, "it begins once")
        #expect(machine.picked(.peer) == .none)
        machine.connected(isKept: false)
        machine.sent(isHeld: true)
        machine.responseBegan()
        #expect(machine.isAnswering)
        machine.responseEnded()
        #expect(machine.failed(.connectionLost, after: oneOfThree) == .none)
    }

    @Test(arguments: [true, false]) func `any request is given to another peer when the first cannot be reached`(
        isIdempotent: Bool
    ) {
        var machine = asking(isIdempotent: isIdempotent)
        #expect(machine.failed(.connectFailed, after: oneOfThree) == .choose(isDequeued: false))
        #expect(machine.picked(.noneUsable) == .refuse(.badGateway))
    }

    @Test func `a sent POST is never given to a second peer`() {
        for failure in [Machine.Failure.connectionLost, .timedOut, .invalidResponse] {
            var machine = asking(isIdempotent: false)
            machine.sent(isHeld: true)
            let refusal: Machine.GatewayError = failure == .timedOut ? .gatewayTimeout : .badGateway
            #expect(machine.failed(failure, after: oneOfThree) == .refuse(refusal))
        }
    }

    @Test func `a sent GET is given to a second peer, unless its bytes are gone`() {
        var held = asking(isIdempotent: true)
        held.sent(isHeld: true)
        #expect(held.failed(.connectionLost, after: oneOfThree) == .choose(isDequeued: false))
        var spent = asking(isIdempotent: true)
        spent.sent(isHeld: false)
        #expect(spent.failed(.connectionLost, after: oneOfThree) == .refuse(.badGateway))
    }

    @Test func `a request refused as overloaded goes to another peer, even a sent POST`() {
        var machine = asking(isIdempotent: false)
        machine.sent(isHeld: true)
        #expect(machine.failed(.overloaded, after: oneOfThree) == .choose(isDequeued: false))
        #expect(machine.picked(.noneUsable) == .refuse(.busy))
    }

    @Test func `the configuration says after what another peer is asked`() {
        func action(
            _ conditions: NextUpstream, _ failure: Machine.Failure, isIdempotent: Bool = true
        ) -> Machine.Action {
            var machine = asking(isIdempotent: isIdempotent, RetryPolicy(conditions: conditions))
            machine.sent(isHeld: true)
            return machine.failed(failure, after: oneOfThree)
        }
        let again = Machine.Action.choose(isDequeued: false)
        #expect(action([], .connectFailed) == .refuse(.badGateway))
        #expect(action([], .overloaded) == .refuse(.busy))
        #expect(action(.timeout, .connectFailed) == .refuse(.badGateway))
        #expect(action(.timeout, .connectTimedOut) == again)
        #expect(action(.timeout, .timedOut) == again)
        #expect(action(.error, .timedOut) == .refuse(.gatewayTimeout))
        #expect(action(.error, .connectionLost) == again)
        #expect(action(.invalidHeader, .invalidResponse) == again)
        #expect(action(.error, .connectionLost, isIdempotent: false) == .refuse(.badGateway))
        #expect(action([.error, .nonIdempotent], .connectionLost, isIdempotent: false) == again)
    }

    @Test func `the configuration says how often and for how long another peer is asked`() {
        func action(_ policy: RetryPolicy, _ tries: Machine.Tries) -> Machine.Action {
            var machine = asking(isIdempotent: true, policy)
            return machine.failed(.connectFailed, after: tries)
        }
        let again = Machine.Action.choose(isDequeued: false)
        let twice = RetryPolicy(maxTries: 2)
        #expect(action(twice, Machine.Tries(count: 1, peers: 3)) == again)
        #expect(action(twice, Machine.Tries(count: 2, peers: 3)) == .refuse(.badGateway))
        let second = RetryPolicy(timeout: .seconds(1))
        #expect(action(second, Machine.Tries(count: 1, elapsed: .milliseconds(999), peers: 3)) == again)
        #expect(action(second, Machine.Tries(count: 1, elapsed: .seconds(1), peers: 3)) == .refuse(.badGateway))
    }

    @Test func `a response is passed over by its status, while the request can still be sent again`() {
        func asked(_ conditions: NextUpstream, isIdempotent: Bool = true, isHeld: Bool = true) -> Machine {
            var machine = asking(isIdempotent: isIdempotent, RetryPolicy(conditions: conditions))
            machine.sent(isHeld: isHeld)
            return machine
        }
        var machine = asked([.status503, .status404])
        #expect(machine.passesOver(503, after: oneOfThree))
        #expect(machine.passesOver(404, after: oneOfThree))
        #expect(!machine.passesOver(500, after: oneOfThree))
        #expect(!machine.passesOver(503, after: Machine.Tries(count: 3, peers: 3)), "all peers were asked")
        #expect(machine.passedOver() == .choose(isDequeued: false))
        #expect(!asked(.status503, isIdempotent: false).passesOver(503, after: oneOfThree))
        #expect(!asked(.status503, isHeld: false).passesOver(503, after: oneOfThree))
        machine.connected(isKept: false)
        machine.responseBegan()
        #expect(!machine.passesOver(503, after: oneOfThree), "the client has its head")
    }

    @Test func `a kept connection that is lost before the first byte is replaced, without a failure of the peer`() {
        var machine = asking(isIdempotent: false, isKept: true)
        #expect(machine.failed(.connectionLost, after: oneOfThree) == .reconnect)
        machine.connected(isKept: false)
        #expect(machine.failed(.connectionLost, after: oneOfThree) == .choose(isDequeued: false))
    }

    @Test func `a kept connection that breaks after the first byte is not replaced for a POST`() {
        var machine = asking(isIdempotent: false, isKept: true)
        machine.sent(isHeld: true)
        #expect(machine.failed(.connectionLost, after: oneOfThree) == .refuse(.badGateway))
    }

    @Test func `an answer that breaks off is cut short`() {
        var machine = asking(isIdempotent: true)
        machine.sent(isHeld: true)
        machine.responseBegan()
        #expect(machine.failed(.connectionLost, after: oneOfThree) == .cutShort)
        #expect(machine.failed(.connectionLost, after: oneOfThree) == .none, "once")
    }

    @Test func `a request waits in the queue until it is dequeued or the queue's time-out ends`() {
        var machine = Machine(isIdempotent: true)
        _ = machine.requestReady()
        #expect(machine.picked(.queued) == .none)
        #expect(machine.isQueued)
        #expect(machine.dequeued() == .choose(isDequeued: true))
        #expect(machine.picked(.queued) == .none)
        #expect(machine.queueTimedOut() == .refuse(.busy))
        #expect(machine.dequeued() == .none)
        #expect(machine.queueTimedOut() == .none)
    }

    @Test func `a full queue refuses at once`() {
        var machine = Machine(isIdempotent: true)
        _ = machine.requestReady()
        #expect(machine.picked(.allBusy) == .refuse(.busy))
    }

    @Test func `a request that waits for a usable peer looks again, and ends with what went wrong last`() {
        var machine = asking(isIdempotent: true)
        #expect(machine.failed(.connectTimedOut, after: oneOfThree) == .choose(isDequeued: false))
        #expect(machine.picked(.waiting) == .none)
        #expect(machine.isWaiting)
        #expect(machine.retryWait() == .choose(isDequeued: false))
        #expect(machine.picked(.noneUsable) == .refuse(.gatewayTimeout))
        #expect(machine.retryWait() == .none)
    }

    @Test func `a request that broke three connections is suspect, and is not tried again`() {
        var machine = asking(isIdempotent: true)
        let one = Machine.Tries(count: 1, peers: 1)
        for sendings in 1...3 {
            machine.sent(isHeld: true)
            #expect(machine.isSuspect(peers: 1) == (sendings == 3))
            if sendings < 3 {
                #expect(machine.failed(.connectionLost, after: one) == .choose(isDequeued: false))
                #expect(machine.picked(.waiting) == .none)
                #expect(machine.retryWait() == .choose(isDequeued: false))
                machine.connected(isKept: false)
            }
        }
        #expect(!machine.isSuspect(peers: 4), "there are peers that it was not sent to")
        #expect(machine.failed(.connectionLost, after: one) == .refuse(.badGateway))
    }

    @Test func `after the client has gone, a request does nothing more`() {
        var machine = asking(isIdempotent: true)
        machine.abandoned()
        #expect(machine.failed(.connectionLost, after: oneOfThree) == .none)
        #expect(machine.dequeued() == .none)
        #expect(machine.retryWait() == .none)
    }

    private func asking(
        isIdempotent: Bool, isKept: Bool = false, _ policy: RetryPolicy = .init()
    ) -> UpstreamMachine {
        var machine = UpstreamMachine(isIdempotent: isIdempotent, policy: policy)
        _ = machine.requestReady()
        _ = machine.picked(.peer)
        machine.connected(isKept: isKept)
        return machine
    }
}
