internal import NginxConfig

/// The decisions of a client's HTTP/1 connection: what to do next, and how a request and the connection end.
///
/// It has no sockets, no clock and no bytes. Each event is a method, and ``HTTP1Connection`` does what the method
/// returns.
struct HTTP1Machine: Sendable, Hashable {
    /// The next step of the connection.
    enum Step: Sendable, Hashable {
        /// Wait for an event.
        case wait
        /// Read the header of the PROXY protocol, then call ``proxyHeaderTaken()``.
        case takeProxyHeader
        /// Take an exchange for the request whose first bytes have arrived.
        case beginRequest
        case parseHead
        /// Read the request's body, and send the response.
        case transfer
        /// Drop the bytes that the client still sends.
        case discardInput
    }

    /// What the connection does after the client has received a response.
    enum Ending: Sendable, Hashable {
        /// First read the rest of the request's body.
        case wait
        /// Wait for the next request.
        case keepAlive
        /// Read and drop what the client sends, then close (nginx's `lingering_close`). Closing a connection that has
        /// unread bytes would reset it, and the client could lose the response.
        case linger
        case close
    }

    /// What to do when the client has ended its side of the connection.
    enum EndOfInput: Sendable, Hashable {
        case none
        case close
        /// Give the request up: the client has closed its side before it sent the whole request.
        case abort
    }

    /// What the connection's timer measures.
    enum Timeout: Sendable, Hashable {
        case none, keepalive, header, body, send, linger
        /// This is not a timeout: when the timer fires, `limit_rate` allows more bytes.
        case rate
    }

    enum TimeoutAction: Sendable, Hashable {
        case none
        case close
        /// Answer 408, because the head did not arrive in time.
        case refuseHead
        /// Answer 408, because the body did not arrive in time.
        case refuseBody
        /// Give the request up, because the client does not read the response.
        case abort
        case resumeWriting
    }

    private enum State: Sendable, Hashable {
        /// No request is in progress.
        case idle
        /// A part of a head has arrived.
        case head
        case exchange(isBodyRead: Bool, isResponseWritten: Bool)
        /// The last response is sent, and the connection reads until the client closes its side.
        case lingering
        case closed
    }

    /// The maximum number of unwanted body bytes that are read so that the connection can be used again.
    static let maxDiscardedBody = 1024 * 1024

    private var state = State.idle
    private var awaitsProxyHeader: Bool
    private var keepsAlive = false
    /// Whether the client has ended its side of the connection.
    private(set) var isPeerClosed = false

    init(awaitsProxyHeader: Bool = false) { self.awaitsProxyHeader = awaitsProxyHeader }

    // MARK: State

    var isClosed: Bool { state == .closed }
    /// Whether the connection can be closed without losing a request.
    var isIdle: Bool { state == .idle || state == .lingering }
    var isBetweenRequests: Bool { state == .idle }
    var isReadingHead: Bool { state == .head }
    var isLingering: Bool { state == .lingering }

    var isInExchange: Bool {
        if case .exchange = state { return true }
        return false
    }

    /// Whether an exchange is in progress whose body has not arrived completely.
    var readsBody: Bool {
        if case .exchange(isBodyRead: false, _) = state { return true }
        return false
    }

    /// Whether an exchange is in progress whose response is not completely written.
    var awaitsResponse: Bool {
        if case .exchange(_, isResponseWritten: false) = state { return true }
        return false
    }

    /// Whether the request is read completely and only the response is missing.
    private var awaitsResponseOnly: Bool { state == .exchange(isBodyRead: true, isResponseWritten: false) }

    var activity: ConnectionActivity {
        switch state {
        case .idle: .waiting
        case .head: .reading
        case .exchange, .lingering: .writing
        case .closed: .closed
        }
    }

    // MARK: Reading

    func nextStep(hasInput: Bool) -> Step {
        switch state {
        case .idle where !hasInput: .wait
        case .idle: awaitsProxyHeader ? .takeProxyHeader : .beginRequest
        case .head: .parseHead
        case .exchange: .transfer
        case .lingering: .discardInput
        case .closed: .wait
        }
    }

    mutating func proxyHeaderTaken() { awaitsProxyHeader = false }

    mutating func requestBegan() { state = .head }

    /// The head has arrived, or an incomplete or malformed head is refused.
    mutating func headEnded(hasBody: Bool) { state = .exchange(isBodyRead: !hasBody, isResponseWritten: false) }

    mutating func bodyEnded() {
        if case .exchange(_, let isWritten) = state {
            state = .exchange(isBodyRead: true, isResponseWritten: isWritten)
        }
    }

    /// The body is malformed. Its end is unknown, so no other request can follow.
    mutating func bodyBroke() {
        bodyEnded()
        keepsAlive = false
    }

    /// The connection must end after this response: the client may or may not send the body that it announced, so the
    /// start of the next request would be unknown.
    mutating func forbidKeepAlive() { keepsAlive = false }

    /// All bytes of the client are read, and the client has ended its side of the connection.
    mutating func inputEnded() -> EndOfInput {
        isPeerClosed = true
        switch state {
        case .idle, .lingering: return .close
        case .head, .exchange(isBodyRead: false, _): return .abort
        case .exchange, .closed: return .none
        }
    }

    /// The client has ended its side of the connection (EPOLLRDHUP). Bytes that it sent before may still be unread.
    mutating func peerClosed() { isPeerClosed = true }

    /// The connection is broken.
    /// - Parameter ignoresAbort: `fastcgi_ignore_client_abort`: whether the peer may finish the request.
    /// - Returns: Whether to give the request up. If not, the next write will show that the client is gone.
    mutating func hungUp(ignoresAbort: Bool) -> Bool {
        guard ignoresAbort, awaitsResponseOnly else { return true }
        isPeerClosed = true
        return false
    }

    /// Whether to give the request up because its client has ended its side of the connection. In this case nginx, too,
    /// assumes that the client has left.
    func abortsForClosedPeer(ignoresAbort: Bool) -> Bool { isPeerClosed && awaitsResponseOnly && !ignoresAbort }

    // MARK: Writing

    /// - Parameter keepsAlive: Whether the connection can take another request after this response.
    mutating func responseWritten(keepsAlive: Bool) {
        self.keepsAlive = keepsAlive
        if case .exchange(let isRead, _) = state { state = .exchange(isBodyRead: isRead, isResponseWritten: true) }
    }

    /// The socket has taken all bytes of the response that were written so far.
    /// - Parameters:
    ///   - bodyCount: The number of bytes of the request's body that have arrived.
    ///   - hasInput: Whether bytes of the client are unread.
    /// - Returns: nil if the response is not completely written.
    mutating func responseSent(bodyCount: Int, hasInput: Bool, lingering: LingeringClose) -> Ending? {
        guard case .exchange(let isBodyRead, isResponseWritten: true) = state else { return nil }
        guard keepsAlive, !isPeerClosed else {
            if lingering == .on, isBodyRead, !hasInput { return .close }
            return linger(lingering)
        }
        if isBodyRead {
            state = .idle
            return .keepAlive
        }
        return bodyCount > Self.maxDiscardedBody ? linger(lingering) : .wait
    }

    private mutating func linger(_ mode: LingeringClose) -> Ending {
        if isPeerClosed || mode == .off { return .close }
        state = .lingering
        return .linger
    }

    // MARK: Ends

    func timedOut(_ timeout: Timeout, hasInput: Bool) -> TimeoutAction {
        switch timeout {
        case .none: .none
        case .keepalive, .linger: .close
        case .header: state == .head && hasInput ? .refuseHead : .close
        case .body: .refuseBody
        case .send: .abort
        case .rate: .resumeWriting
        }
    }

    /// - Returns: Whether the connection was open before.
    @discardableResult
    mutating func closed() -> Bool {
        defer { state = .closed }
        return state != .closed
    }
}
