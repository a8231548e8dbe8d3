internal import NginxConfig

/// The decisions about a request's peers: when to ask a peer, when to ask another one, and what to tell the client if
/// no peer answers. It has no sockets and no clock. Each event is a method, and ``UpstreamRequest`` does what the
/// method returns.
///
/// The main rule: a request that a peer may have begun to process is never sent to a second peer, unless its method is
/// idempotent (RFC 9110, 9.2.2) or `fastcgi_next_upstream` contains `non_idempotent`.
struct UpstreamMachine: Sendable {
    /// What went wrong between the balancer and a peer.
    enum Failure: Sendable, Hashable {
        case connectFailed
        case connectTimedOut
        /// The connection ended or broke before the response's head.
        case connectionLost
        /// The peer did not take the request in time, or did not answer in time.
        case timedOut
        /// The peer refused the request without processing it (FCGI_OVERLOADED).
        case overloaded
        /// The received bytes are not a valid response.
        case invalidResponse
    }

    /// The error with which the balancer itself answers.
    enum GatewayError: Int, Sendable, Hashable {
        case badGateway = 502
        /// All peers are at `max_conns`, and the queue is full or the request was queued for too long.
        case busy = 503
        case gatewayTimeout = 504
    }

    enum Action: Sendable, Hashable {
        /// Choose a peer, and report the result with ``picked(_:)``.
        case choose(isDequeued: Bool)
        /// Send the request to the same peer on another connection.
        case reconnect
        case refuse(GatewayError)
        /// Close the client's connection: a part of the response was sent, and the rest is lost.
        case cutShort
        case none
    }

    /// The result of the choice of a peer.
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

    /// The attempts so far.
    struct Tries: Sendable, Hashable {
        /// The number of attempts.
        var count = 0
        /// The time since the first attempt began.
        var elapsed = Duration.zero
        /// The number of peers in the upstream.
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

    /// A request is suspect if it was sent this many times without an answer. If the upstream has more peers than this,
    /// their number is the limit.
    private static let suspectSendings = 3

    private var state = State.idle
    private var lastFailure: Failure?
    /// Whether the kernel has taken bytes of the request on the current connection.
    private var hasSent = false
    /// True if some of the sent bytes are no longer held. The request then cannot be sent to another peer.
    private var isSpent = false
    /// Whether the request has waited for a usable peer.
    private var hasWaited = false
    /// How often the request, or a part of it, was sent to a peer.
    private var sendings = 0
    private let policy: RetryPolicy
    /// Whether the request has the same effect if peers process it twice instead of once.
    private let isIdempotent: Bool

    init(isIdempotent: Bool, policy: RetryPolicy = RetryPolicy()) {
        self.isIdempotent = isIdempotent
        self.policy = policy
    }

    var isQueued: Bool { state == .queued }
    /// Whether the request waits for a usable peer.
    var isWaiting: Bool { state == .waiting }
    /// Whether the head of the response has arrived and the rest is in progress.
    var isAnswering: Bool { state == .answering }

    // MARK: Choosing

    /// Enough of the request has arrived to send it to a peer.
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

    /// Tries to choose a peer again, while the request waits for a usable one.
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

    /// The request has been queued for the maximum time.
    mutating func queueTimedOut() -> Action {
        guard state == .queued else { return .none }
        state = .ended
        return .refuse(.busy)
    }

    // MARK: Asking

    /// There is a connection to the chosen peer, or one is being established.
    mutating func connected(isKept: Bool) {
        state = .asking(isKeptConnection: isKept)
        hasSent = false
    }

    /// Bytes of the request were sent.
    /// - Parameter isHeld: Whether the request can still be sent again from its first byte.
    mutating func sent(isHeld: Bool) {
        if !hasSent { sendings += 1 }
        hasSent = true
        if !isHeld { isSpent = true }
    }

    mutating func failed(_ failure: Failure, after tries: Tries) -> Action {
        switch state {
        case .asking(let isKept):
            // A peer may close a kept connection at any time. If no byte of the request was sent yet, the closed
            // connection does not count as a failure.
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

    /// Whether to drop the response because of its status and ask another peer. If so, call ``passedOver()``.
    func passesOver(_ status: Int, after tries: Tries) -> Bool {
        guard policy.conditions.contains(status: status), case .asking = state else { return false }
        return tries.count < tries.peers && isRepeatable && mayTryAgain(after: tries)
    }

    mutating func passedOver() -> Action {
        state = .choosing
        lastFailure = nil
        return .choose(isDequeued: false)
    }

    /// The response's head is complete. From now on, no other peer is asked.
    mutating func responseBegan() { state = .answering }

    mutating func responseEnded() { state = .ended }

    /// The response is not needed any more.
    mutating func abandoned() { state = .ended }

    // MARK: Rules

    /// Whether the request itself may be the cause of crashes: it was sent to several peers, and no peer answered.
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
    /// The text for the error log.
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

    /// The value of `$upstream_status`.
    var status: Int {
        switch self {
        case .connectTimedOut, .timedOut: 504
        case .overloaded: 503
        default: 502
        }
    }
}
