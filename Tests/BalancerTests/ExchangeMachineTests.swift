import NginxConfig
import Testing

@testable import Balancer

struct ExchangeMachineTests {
    @Test func `a request goes to one node and ends with its answer`() {
        var machine = ExchangeMachine(isIdempotent: false)
        #expect(machine.requestReady() == .choose(isWoken: false))
        #expect(machine.picked(.peer) == .none)
        machine.connected(isKept: false)
        machine.sent(isHeld: true)
        machine.responseBegan()
        #expect(machine.isAnswering)
        machine.responseEnded()
        #expect(machine.failed(.connectionLost) == .none)
    }

    @Test(arguments: [true, false]) func `any request is given to another node when the first cannot be reached`(
        isIdempotent: Bool
    ) {
        var machine = asking(isIdempotent: isIdempotent)
        #expect(machine.failed(.connectFailed) == .choose(isWoken: false))
        #expect(machine.picked(.noneUsable) == .refuse(.badGateway))
    }

    @Test func `a sent POST is never given to a second node`() {
        for failure in [ExchangeMachine.Failure.connectionLost, .timedOut, .invalidResponse] {
            var machine = asking(isIdempotent: false)
            machine.sent(isHeld: true)
            #expect(machine.failed(failure) == .refuse(failure == .timedOut ? .gatewayTimeout : .badGateway))
        }
    }

    @Test func `a sent GET is given to a second node, unless its bytes are gone`() {
        var held = asking(isIdempotent: true)
        held.sent(isHeld: true)
        #expect(held.failed(.connectionLost) == .choose(isWoken: false))
        var spent = asking(isIdempotent: true)
        spent.sent(isHeld: false)
        #expect(spent.failed(.connectionLost) == .refuse(.badGateway))
    }

    @Test func `a request refused as overloaded goes to another node, even a sent POST`() {
        var machine = asking(isIdempotent: false)
        machine.sent(isHeld: true)
        #expect(machine.failed(.overloaded) == .choose(isWoken: false))
        #expect(machine.picked(.noneUsable) == .refuse(.noPlace))
    }

    @Test func `the configuration says after what another node is asked`() {
        func action(
            _ rule: NextUpstream, _ failure: ExchangeMachine.Failure, isIdempotent: Bool = true, triesLeft: Bool = true
        ) -> ExchangeMachine.Action {
            var machine = asking(isIdempotent: isIdempotent, rule: rule)
            machine.sent(isHeld: true)
            return machine.failed(failure, hasTriesLeft: triesLeft)
        }
        let again = ExchangeMachine.Action.choose(isWoken: false)
        #expect(action([], .connectFailed) == .refuse(.badGateway))
        #expect(action([], .overloaded) == .refuse(.noPlace))
        #expect(action(.timeout, .connectFailed) == .refuse(.badGateway))
        #expect(action(.timeout, .timedOut) == again)
        #expect(action(.error, .timedOut) == .refuse(.gatewayTimeout))
        #expect(action(.error, .connectionLost) == again)
        #expect(action(.error, .connectionLost, triesLeft: false) == .refuse(.badGateway))
        #expect(action(.invalidHeader, .invalidResponse) == again)
        #expect(action(.error, .connectionLost, isIdempotent: false) == .refuse(.badGateway))
        #expect(action([.error, .nonIdempotent], .connectionLost, isIdempotent: false) == again)
    }

    @Test func `a response is passed over by its status, while the request can still be sent again`() {
        var machine = asking(isIdempotent: true, rule: [.status503, .status404])
        machine.sent(isHeld: true)
        #expect(machine.isPassedOver(503, hasTriesLeft: true))
        #expect(machine.isPassedOver(404, hasTriesLeft: true))
        #expect(!machine.isPassedOver(500, hasTriesLeft: true))
        #expect(!machine.isPassedOver(503, hasTriesLeft: false))
        #expect(machine.passedOver() == .choose(isWoken: false))
        var post = asking(isIdempotent: false, rule: .status503)
        post.sent(isHeld: true)
        #expect(!post.isPassedOver(503, hasTriesLeft: true))
        var spent = asking(isIdempotent: true, rule: .status503)
        spent.sent(isHeld: false)
        #expect(!spent.isPassedOver(503, hasTriesLeft: true))
    }

    @Test func `a kept connection that is dead before the first byte is replaced, and that is no failure`() {
        var machine = asking(isIdempotent: false, isKept: true)
        #expect(machine.failed(.connectionLost) == .reconnect)
        machine.connected(isKept: false)
        #expect(machine.failed(.connectionLost) == .choose(isWoken: false))
    }

    @Test func `a kept connection that breaks after the first byte is not replaced for a POST`() {
        var machine = asking(isIdempotent: false, isKept: true)
        machine.sent(isHeld: true)
        #expect(machine.failed(.connectionLost) == .refuse(.badGateway))
    }

    @Test func `an answer that breaks off is cut short`() {
        var machine = asking(isIdempotent: true)
        machine.sent(isHeld: true)
        machine.responseBegan()
        #expect(machine.failed(.connectionLost) == .cutShort)
    }

    @Test func `a request waits its turn, and not for ever`() {
        var machine = ExchangeMachine(isIdempotent: true)
        _ = machine.requestReady()
        #expect(machine.picked(.queued) == .none)
        #expect(machine.isQueued)
        #expect(machine.woken() == .choose(isWoken: true))
        #expect(machine.picked(.queued) == .none)
        #expect(machine.waitedTooLong() == .refuse(.noPlace))
        #expect(machine.woken() == .none)
    }

    @Test func `a stranded request looks for a node again, and ends with what went wrong last`() {
        var machine = asking(isIdempotent: true)
        #expect(machine.failed(.connectTimedOut) == .choose(isWoken: false))
        #expect(machine.picked(.stranded) == .none)
        #expect(machine.isStranded)
        #expect(machine.lookAgain() == .choose(isWoken: false))
        #expect(machine.picked(.noneUsable) == .refuse(.gatewayTimeout))
        #expect(machine.lookAgain() == .none)
    }

    private func asking(
        isIdempotent: Bool, isKept: Bool = false, rule: NextUpstream = [.error, .timeout]
    ) -> ExchangeMachine {
        var machine = ExchangeMachine(isIdempotent: isIdempotent, rule: rule)
        _ = machine.requestReady()
        _ = machine.picked(.peer)
        machine.connected(isKept: isKept)
        return machine
    }
}
