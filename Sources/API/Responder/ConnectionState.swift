/// Who owns a connection to a web server at the moment, and what may happen to it next.
///
/// Several threads touch a connection: the one of the pool that epoll told of it, the one that serves its request or
/// answers it later, and the dispatcher, which alone closes it. Each event is one call under the connection's lock, and
/// its result says who goes on.
struct ConnectionState {
    private enum State: Equatable {
        /// Between requests: epoll waits for its next bytes.
        case idle
        /// A thread reads, computes or writes.
        case serving
        /// A request waits for its answer without a thread. Epoll waits for the client to give up.
        case parked
        /// Answered for the last time: epoll waits for the peer to close, so that no reset overtakes the reply.
        case lingering
        /// The dispatcher has it, or had it, to close.
        case closed
    }

    private var state = State.idle
    private var isDraining = false

    enum Event: Equatable {
        /// Read the request.
        case serve
        /// What there is is read and forgotten.
        case discard
        case close
        /// The thread that has it will find out.
        case ignore
    }

    /// Epoll tells of a change. Bytes while parked are not asked for: then the client is gone.
    mutating func changed(hasBytes: @autoclosure () -> Bool) -> Event {
        switch state {
        case .idle where hasBytes():
            state = .serving
            return .serve
        case .lingering where hasBytes(): return .discard
        case .idle, .parked, .lingering:
            state = .closed
            return .close
        case .serving, .closed: return .ignore
        }
    }

    /// The thread that has it lets it wait for an answer.
    mutating func park() {
        precondition(state == .serving)
        state = .parked
    }

    /// Whether the reply being written is the connection's last.
    var isLastReply: Bool { isDraining }

    /// There is an answer.
    /// - Returns: `false` when the client is gone.
    mutating func resume() -> Bool {
        guard state == .parked else { return false }
        state = .serving
        return true
    }

    enum Finish: Equatable {
        case wait, linger, close
    }

    /// The thread that has it is done with a request.
    /// - Parameters:
    ///   - isReusable: the web server keeps the connection, and nothing went wrong.
    ///   - isClean: the reply was written to its end.
    mutating func finish(isReusable: Bool, isClean: Bool) -> Finish {
        precondition(state == .serving)
        if !isClean {
            state = .closed
            return .close
        }
        state = isReusable && !isDraining ? .idle : .lingering
        return state == .idle ? .wait : .linger
    }

    enum Drain: Equatable {
        case serve, close, leave
    }

    /// No more requests: an idle connection is closed, any other after its reply.
    /// - Parameter hasBytes: a request has begun to arrive.
    mutating func drain(hasBytes: () -> Bool) -> Drain {
        isDraining = true
        guard state == .idle else { return .leave }
        state = hasBytes() ? .serving : .closed
        return state == .serving ? .serve : .close
    }

    enum Expiry: Equatable {
        /// Break the connection under the thread that has it.
        case interrupt
        case close, leave
    }

    /// Its time is over.
    mutating func expire() -> Expiry {
        switch state {
        case .serving: return .interrupt
        case .lingering, .parked, .idle:
            state = .closed
            return .close
        case .closed: return .leave
        }
    }
}
