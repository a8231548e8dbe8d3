internal import NginxConfig

/// The decisions of one exchange with the nodes: which node to ask, when to ask another, what to tell the client when
/// none answers. No sockets and no clock: events in, actions out.
///
/// The rule that everything here serves: a request that a node may have begun to work on is never given to a second
/// one unless its method says that doing it twice is doing it once (RFC 9110, 9.2.2).
struct ExchangeMachine: Sendable {
    /// What went wrong between the balancer and a node.
    enum Failure: Sendable, Hashable {
        case connectFailed
        case connectTimedOut
        /// The connection ended or broke before the response's head.
        case connectionLost
        /// The node did not take the request, or did not answer, in time.
        case timedOut
        /// FCGI_OVERLOADED: the node refused the request without looking at it.
        case overloaded
        /// What came is no response.
        case invalidResponse
    }

    /// How the response ends when the balancer makes it itself.
    enum Refusal: Int, Sendable, Hashable {
        case badGateway = 502
        /// Every place at the nodes is taken, and so is the queue; or the wait there was too long.
        case noPlace = 503
        case gatewayTimeout = 504
    }

    enum Action: Sendable, Hashable {
        /// Choose a node (``PeerGroup/pick(loop:now:tried:reason:)``) and report with ``picked(_:)``.
        case choose(isWoken: Bool)
        /// Ask the same node again on another connection.
        case reconnect
        case refuse(Refusal)
        /// The response is under way and cannot be mended: close the client's connection.
        case cutShort
        /// Nothing more to do.
        case none
    }

    /// The answer to a pick, without its lease.
    enum Picked: Sendable, Hashable {
        case peer
        case queued
        case allBusy
        case noneUsable
        /// None is usable, and the request may wait for one.
        case stranded
    }

    private enum State: Sendable, Hashable {
        case idle
        case choosing
        case queued
        case stranded
        case asking(isKeptConnection: Bool)
        case answering
        case ended
    }

    private var state = State.idle
    private var lastFailure: Failure?
    /// Doing the request twice is doing it once.
    private let isIdempotent: Bool
    /// Request bytes have reached the kernel on the current connection.
    private var hasSent = false
    /// Request bytes that were sent are not held any more: no other node can get them.
    private var isSpent = false

    /// After what another node is asked.
    private let rule: NextUpstream

    init(isIdempotent: Bool, rule: NextUpstream = [.error, .timeout]) {
        self.isIdempotent = isIdempotent
        self.rule = rule
    }

    var isQueued: Bool { state == .queued }
    /// Waits until any node is usable.
    var isStranded: Bool { state == .stranded }
    /// To how many nodes the request, or a part of it, was sent.
    private(set) var sendings = 0
    /// The response's head is there.
    var isAnswering: Bool { state == .answering }

    /// Enough of the request is here to give it to a node.
    mutating func requestReady() -> Action {
        guard state == .idle else { return .none }
        state = .choosing
        return .choose(isWoken: false)
    }

    mutating func picked(_ pick: Picked) -> Action {
        guard state == .choosing else { return .none }
        switch pick {
        case .peer:
            return .none
        case .queued:
            state = .queued
            return .none
        case .allBusy:
            state = .ended
            return .refuse(.noPlace)
        case .noneUsable:
            state = .ended
            return .refuse(refusal)
        case .stranded:
            state = .stranded
            return .none
        }
    }

    /// A stranded request looks for a node again.
    mutating func lookAgain() -> Action {
        guard state == .stranded else { return .none }
        state = .choosing
        return .choose(isWoken: false)
    }

    /// The request's turn in the queue has come.
    mutating func woken() -> Action {
        guard state == .queued else { return .none }
        state = .choosing
        return .choose(isWoken: true)
    }

    /// The request has waited in the queue for as long as it may.
    mutating func waitedTooLong() -> Action {
        guard state == .queued else { return .none }
        state = .ended
        return .refuse(.noPlace)
    }

    /// There is a connection to the chosen node, or one being made.
    mutating func connected(isKept: Bool) {
        state = .asking(isKeptConnection: isKept)
        hasSent = false
    }

    /// Bytes of the request went out.
    /// - Parameter isHeld: the request can still be sent again from its first byte.
    mutating func sent(isHeld: Bool) {
        if !hasSent { sendings += 1 }
        hasSent = true
        if !isHeld { isSpent = true }
    }

    /// - Parameter hasTriesLeft: another node may be asked at all
    mutating func failed(_ failure: Failure, hasTriesLeft: Bool = true) -> Action {
        switch state {
        case .asking(let isKept):
            // A node closes a kept connection when it likes; found out before a byte went, it is nobody's failure.
            if isKept, !hasSent, failure == .connectionLost {
                state = .choosing
                return .reconnect
            }
            lastFailure = failure
            guard hasTriesLeft, mayAskAnother(after: failure) else {
                state = .ended
                return .refuse(refusal)
            }
            state = .choosing
            return .choose(isWoken: false)
        case .answering:
            state = .ended
            return .cutShort
        case .choosing:
            lastFailure = failure
            return .choose(isWoken: false)
        case .idle, .queued, .stranded, .ended:
            return .none
        }
    }

    /// The response's head is complete, and its status is one to ask another node after.
    /// - Returns: whether that is to be done: then the response is dropped, and ``passedOver()`` follows
    func isPassedOver(_ status: Int, hasTriesLeft: Bool) -> Bool {
        guard case .asking = state, hasTriesLeft else { return false }
        return rule.contains(status: status) && isRepeatable
    }

    mutating func passedOver() -> Action {
        state = .choosing
        lastFailure = nil
        return .choose(isWoken: false)
    }

    /// The response's head is complete: from here on it is this node's answer or none.
    mutating func responseBegan() { state = .answering }

    mutating func responseEnded() { state = .ended }

    /// The client went away.
    mutating func abandoned() { state = .ended }

    private func mayAskAnother(after failure: Failure) -> Bool {
        switch failure {
        case .connectFailed: rule.contains(.error)
        case .connectTimedOut: rule.contains(.timeout)
        case .overloaded: !isSpent && !rule.isEmpty
        case .connectionLost: rule.contains(.error) && isRepeatable
        case .timedOut: rule.contains(.timeout) && isRepeatable
        case .invalidResponse: rule.contains(.invalidHeader) && isRepeatable
        }
    }

    private var isRepeatable: Bool { !isSpent && (isIdempotent || !hasSent || rule.contains(.nonIdempotent)) }

    private var refusal: Refusal {
        switch lastFailure {
        case .connectTimedOut, .timedOut: .gatewayTimeout
        case .overloaded: .noPlace
        case .connectFailed, .connectionLost, .invalidResponse, nil: .badGateway
        }
    }
}
