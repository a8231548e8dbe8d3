internal import NginxConfig

/// The decisions of one request's way to the peers: which to ask, when to ask another, and what to tell the client when
/// none answers. No sockets and no clock: each event is a method, and what it returns is for ``UpstreamRequest`` to do.
///
/// Everything here serves one rule: a request that a peer may have begun to work on is never given to a second one, unless
/// its method says that doing it twice is doing it once (RFC 9110, 9.2.2).
struct UpstreamMachine: Sendable {
    /// What went wrong between the balancer and a peer.
    enum Failure: Sendable, Hashable {
        case connectFailed
        case connectTimedOut
        /// The connection ended or broke before the response's head.
        case connectionLost
        /// The peer did not take the request, or did not answer, in time.
        case timedOut
        /// FCGI_OVERLOADED: the peer refused the request without looking at it.
        case overloaded
        /// What came is no response.
        case invalidResponse
    }

    /// What the balancer itself answers.
    enum GatewayError: Int, Sendable, Hashable {
        case badGateway = 502
        /// All peers are at `max_conns`, and the queue is full or the wait in it was too long.
        case busy = 503
        case gatewayTimeout = 504
    }

    enum Action: Sendable, Hashable {
        /// Choose a peer, and report with ``picked(_:)``.
        case choose(isDequeued: Bool)
        /// Ask the same peer again on another connection.
        case reconnect
        case refuse(GatewayError)
        /// The response is under way and cannot be mended: close the client's connection.
        case cutShort
        case none
    }

    /// What the choice of a peer came to.
    enum Picked: Sendable, Hashable {
        case peer
        /// All peers are at `max_conns`: the request waits in the queue.
        case queued
        /// All peers are at `max_conns`, and the queue is full.
        case allBusy
        case noneUsable
        /// No peer is usable, and the request waits for one.
        case waiting
    }

    /// What has been tried.
    struct Tries: Sendable, Hashable {
        /// Peers that were asked.
        var count = 0
        /// Since the first of them was asked.
        var elapsed = Duration.zero
        /// Peers that the upstream has.
        var peers = 1
    }

    private enum State: Sendable, Hashable {
        case idle
        case choosing
        case queued
        case waiting
        case asking(isKeptConnection: Bool)
        case answering
        case ended
    }

    /// So many peers that end without an answer make a request suspect, if there are not more of them.
    private static let suspectSendings = 3

    private var state = State.idle
    private var lastFailure: Failure?
    /// Request bytes have reached the kernel on the current connection.
    private var hasSent = false
    /// Request bytes that were sent are not held any more: no other peer can get them.
    private var isSpent = false
    /// It has waited for a usable peer.
    private var hasWaited = false
    /// To how many peers the request, or a part of it, was sent.
    private var sendings = 0
    private let policy: RetryPolicy
    /// Doing the request twice is doing it once.
    private let isIdempotent: Bool

    init(isIdempotent: Bool, policy: RetryPolicy = RetryPolicy()) {
        self.isIdempotent = isIdempotent
        self.policy = policy
    }

    var isQueued: Bool { state == .queued }
    /// Waits until a peer is usable.
    var isWaiting: Bool { state == .waiting }
    /// The response's head is here.
    var isAnswering: Bool { state == .answering }

    // MARK: Choosing

    /// Enough of the request is here to give it to a peer.
    mutating func requestReady() -> Action {
        guard state == .idle else { return .none }
        state = .choosing
        return .choose(isDequeued: false)
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
            return .refuse(.busy)
        case .noneUsable:
            state = .ended
            return .refuse(refusal)
        case .waiting:
            state = .waiting
            hasWaited = true
            return .none
        }
    }

    /// A request that waits for a usable peer looks again.
    mutating func retryWait() -> Action {
        guard state == .waiting else { return .none }
        state = .choosing
        return .choose(isDequeued: false)
    }

    /// The request's turn in the queue has come.
    mutating func dequeued() -> Action {
        guard state == .queued else { return .none }
        state = .choosing
        return .choose(isDequeued: true)
    }

    /// The request has been in the queue for as long as it may.
    mutating func queueTimedOut() -> Action {
        guard state == .queued else { return .none }
        state = .ended
        return .refuse(.busy)
    }

    // MARK: Asking

    /// There is a connection to the chosen peer, or one is being made.
    mutating func connected(isKept: Bool) {
        state = .asking(isKeptConnection: isKept)
        hasSent = false
    }

    /// Bytes of the request went out.
    /// - Parameter isHeld: The request can still be sent again from its first byte.
    mutating func sent(isHeld: Bool) {
        if !hasSent { sendings += 1 }
        hasSent = true
        if !isHeld { isSpent = true }
    }

    mutating func failed(_ failure: Failure, after tries: Tries) -> Action {
        switch state {
        case .asking(let isKept):
            // A peer may close a kept connection at any time. Found out before a byte went, that is nobody's failure.
            if isKept, !hasSent, failure == .connectionLost {
                state = .choosing
                return .reconnect
            }
            lastFailure = failure
            guard mayTryAgain(after: tries), mayAskAnother(after: failure) else {
                state = .ended
                return .refuse(refusal)
            }
            state = .choosing
            return .choose(isDequeued: false)
        case .answering:
            state = .ended
            return .cutShort
        case .choosing:
            lastFailure = failure
            return .choose(isDequeued: false)
        case .idle, .queued, .waiting, .ended:
            return .none
        }
    }

    // MARK: The response

    /// Whether the response is dropped for its status, and another peer asked: then ``passedOver()`` follows.
    func passesOver(_ status: Int, after tries: Tries) -> Bool {
        guard policy.conditions.contains(status: status), case .asking = state else { return false }
        return tries.count < tries.peers && isRepeatable && mayTryAgain(after: tries)
    }

    mutating func passedOver() -> Action {
        state = .choosing
        lastFailure = nil
        return .choose(isDequeued: false)
    }

    /// The response's head is complete: from here on it is this peer's answer or none.
    mutating func responseBegan() { state = .answering }

    mutating func responseEnded() { state = .ended }

    /// Nobody wants the response any more.
    mutating func abandoned() { state = .ended }

    // MARK: Rules

    /// It was sent to several peers, and none of them answered: perhaps the request is what ends them.
    func isSuspect(peers: Int) -> Bool { sendings >= max(Self.suspectSendings, peers) }

    private func mayTryAgain(after tries: Tries) -> Bool {
        if policy.maxTries > 0, tries.count >= policy.maxTries { return false }
        if hasWaited, isSuspect(peers: tries.peers) { return false }
        return policy.timeout <= .zero || tries.elapsed < policy.timeout
    }

    private func mayAskAnother(after failure: Failure) -> Bool {
        switch failure {
        case .connectFailed: policy.conditions.contains(.error)
        case .connectTimedOut: policy.conditions.contains(.timeout)
        case .overloaded: !isSpent && !policy.conditions.isEmpty
        case .connectionLost: policy.conditions.contains(.error) && isRepeatable
        case .timedOut: policy.conditions.contains(.timeout) && isRepeatable
        case .invalidResponse: policy.conditions.contains(.invalidHeader) && isRepeatable
        }
    }

    private var isRepeatable: Bool {
        !isSpent && (isIdempotent || !hasSent || policy.conditions.contains(.nonIdempotent))
    }

    private var refusal: GatewayError {
        switch lastFailure {
        case .connectTimedOut, .timedOut: .gatewayTimeout
        case .overloaded: .busy
        case .connectFailed, .connectionLost, .invalidResponse, nil: .badGateway
        }
    }
}

extension UpstreamMachine.Failure {
    /// For the error log.
    var text: String {
        switch self {
        case .connectFailed: "could not be connected to"
        case .connectTimedOut: "timed out while connecting to upstream"
        case .connectionLost: "prematurely closed connection"
        case .timedOut: "timed out while reading response from upstream"
        case .overloaded: "is overloaded"
        case .invalidResponse: "sent an invalid response"
        }
    }

    /// For `$upstream_status`.
    var status: Int {
        switch self {
        case .connectTimedOut, .timedOut: 504
        case .overloaded: 503
        default: 502
        }
    }
}
