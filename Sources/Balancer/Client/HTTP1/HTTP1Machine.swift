internal import NginxConfig

/// The decisions of a client's HTTP/1 connection: what to do with what is there, and how a request and the connection end.
///
/// No sockets, no clock and no bytes: each event is a method, and what it returns is for ``HTTP1Connection`` to do.
struct HTTP1Machine: Sendable, Hashable {
    /// What is to be done next.
    enum Step: Sendable, Hashable {
        /// Nothing can be done before an event.
        case wait
        /// Read the header of the PROXY protocol, then call ``proxyHeaderTaken()``.
        case takeProxyHeader
        /// Take an exchange for the request whose first bytes are here.
        case beginRequest
        case parseHead
        /// Move the request's body in and the response out.
        case transfer
        /// Throw away what the client still sends.
        case discardInput
    }

    /// What follows a response that the client has.
    enum Ending: Sendable, Hashable {
        /// The rest of the request's body must come first.
        case wait
        /// The connection is ready for the next request.
        case keepAlive
        /// nginx's `lingering_close`: closing with unread bytes would reset the connection and take the response with it.
        case linger
        case close
    }

    /// What the end of the client's bytes means.
    enum EndOfInput: Sendable, Hashable {
        case none
        case close
        /// The client left in the middle of a request.
        case abort
    }

    /// What the connection's timer measures.
    enum Timeout: Sendable, Hashable {
        case none, keepalive, header, body, send, linger
        /// Not a limit: `limit_rate` lets the client have more now.
        case rate
    }

    enum TimeoutAction: Sendable, Hashable {
        case none
        case close
        /// Answer 408: the head did not come in time.
        case refuseHead
        /// Answer 408: the body did not come in time.
        case refuseBody
        /// The client takes nothing: give it up.
        case abort
        case resumeWriting
    }

    /// What `stub_status` shows of the connection.
    enum Activity: Sendable, Hashable {
        case waiting, reading, writing, closed
    }

    private enum State: Sendable, Hashable {
        /// Between requests.
        case idle
        /// A head has begun to come in.
        case head
        case exchange(isBodyRead: Bool, isResponseWritten: Bool)
        /// The last response is sent.
        case lingering
        case closed
    }

    /// Bytes of a body that nobody wants that are read so that the connection can be used again.
    static let maxDiscardedBody = 1024 * 1024

    private var state = State.idle
    private var awaitsProxyHeader: Bool
    private var keepsAlive = false
    /// The client sends no more.
    private(set) var isPeerClosed = false

    init(awaitsProxyHeader: Bool = false) { self.awaitsProxyHeader = awaitsProxyHeader }

    // MARK: What it is

    var isClosed: Bool { state == .closed }
    /// May be closed without harm to a request that is known.
    var isIdle: Bool { state == .idle || state == .lingering }
    var isBetweenRequests: Bool { state == .idle }
    var isReadingHead: Bool { state == .head }
    var isLingering: Bool { state == .lingering }

    var isInExchange: Bool {
        if case .exchange = state { return true }
        return false
    }

    /// An exchange is under way, and a part of its body is still to come.
    var readsBody: Bool {
        if case .exchange(isBodyRead: false, _) = state { return true }
        return false
    }

    /// An exchange is under way whose response is not written to its end.
    var awaitsResponse: Bool {
        if case .exchange(_, isResponseWritten: false) = state { return true }
        return false
    }

    /// The request is read, and its response is not written: only the peer has something to do.
    private var awaitsResponseOnly: Bool { state == .exchange(isBodyRead: true, isResponseWritten: false) }

    var activity: Activity {
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

    /// The head is here, or what came of it is refused.
    mutating func headEnded(hasBody: Bool) { state = .exchange(isBodyRead: !hasBody, isResponseWritten: false) }

    mutating func bodyEnded() {
        if case .exchange(_, let isWritten) = state {
            state = .exchange(isBodyRead: true, isResponseWritten: isWritten)
        }
    }

    /// Where the body ends cannot be known any more: nothing can be read after it.
    mutating func bodyBroke() {
        bodyEnded()
        keepsAlive = false
    }

    /// The client may send the body that it announced or not: only a new connection is sure to begin with a request.
    mutating func forbidKeepAlive() { keepsAlive = false }

    /// The client sends no more.
    mutating func inputEnded() -> EndOfInput {
        isPeerClosed = true
        switch state {
        case .idle, .lingering: return .close
        case .head, .exchange(isBodyRead: false, _): return .abort
        case .exchange, .closed: return .none
        }
    }

    /// EPOLLRDHUP: the client sends no more; bytes that it sent before may still be unread.
    mutating func peerClosed() { isPeerClosed = true }

    /// The connection broke.
    /// - Parameter ignoresAbort: `fastcgi_ignore_client_abort`: let the peer finish.
    /// - Returns: Whether to give the request up. If not, the next write will show that the client is gone.
    mutating func hungUp(ignoresAbort: Bool) -> Bool {
        guard ignoresAbort, awaitsResponseOnly else { return true }
        isPeerClosed = true
        return false
    }

    /// Whether to give up a request whose client sends no more. nginx takes that for a client that has left.
    func abortsForClosedPeer(ignoresAbort: Bool) -> Bool { isPeerClosed && awaitsResponseOnly && !ignoresAbort }

    // MARK: Writing

    /// - Parameter keepsAlive: The response's framing lets the connection take another request.
    mutating func responseWritten(keepsAlive: Bool) {
        self.keepsAlive = keepsAlive
        if case .exchange(let isRead, _) = state { state = .exchange(isBodyRead: isRead, isResponseWritten: true) }
    }

    /// The client has all of the response that was written so far.
    /// - Parameters:
    ///   - bodyCount: Bytes of the request's body that came.
    ///   - hasInput: Bytes of the client are unread.
    /// - Returns: nil as long as the response is not written to its end.
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

    /// - Returns: Whether it was open before.
    @discardableResult
    mutating func closed() -> Bool {
        defer { state = .closed }
        return state != .closed
    }
}
