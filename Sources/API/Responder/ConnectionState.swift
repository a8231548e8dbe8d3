/// The state of a connection to a web server: which thread owns it, and what the connection waits for.
///
/// Several threads use a connection: the pool thread that receives its epoll event, the thread that serves its request
/// or answers it later, and the dispatcher. Only the dispatcher closes it. Each event is one call under the
/// connection's lock. The result says what the caller has to do.
struct ConnectionState {
    private enum State: Equatable {
        /// Between requests: epoll waits for the next bytes.
        case idle
        /// A thread reads, computes or writes.
        case serving
        /// A request waits for its answer and uses no thread. Epoll waits for the client to disconnect.
        case parked
        /// The last response is sent. Epoll waits for the web server to close the connection. If the node closed it
        /// first, the kernel could send a reset, and the web server could lose the response.
        case lingering
        /// The dispatcher closes or has closed the connection.
        case closed
    }

    private var state = State.idle
    private var isDraining = false

    /// What an idle connection has received.
    enum Arrival {
        case request
        /// No request yet: nothing, a part of a record, or records that are ignored.
        case incomplete
        /// The end of the connection, or bytes that are no request.
        case end
    }

    enum Event: Equatable {
        /// Read the request.
        case serve
        /// Wait for more bytes.
        case wait
        /// Read and drop the received bytes.
        case discard
        case close
        /// Another thread owns the connection and will notice the change.
        case ignore
    }

    /// An epoll event arrived. For a parked connection epoll reports only its end, so any event means that the client
    /// is gone.
    /// - Parameters:
    ///   - arrival: reads from an idle connection.
    ///   - hasBytes: returns whether a lingering connection has bytes to read.
    mutating func changed(arrival: @autoclosure () -> Arrival, hasBytes: @autoclosure () -> Bool) -> Event {
        switch state {
        case .idle:
            switch arrival() {
            case .request:
                state = .serving
                return .serve
            case .incomplete: return .wait
            case .end:
                state = .closed
                return .close
            }
        case .lingering where hasBytes(): return .discard
        case .parked, .lingering:
            state = .closed
            return .close
        case .serving, .closed: return .ignore
        }
    }

    /// The owning thread parks the request until there is an answer.
    mutating func park() {
        precondition(state == .serving)
        state = .parked
    }

    /// Whether the current response is the last one on the connection.
    var isLastReply: Bool { isDraining }

    /// The answer to a parked request is ready.
    /// - Returns: `false` if the client is gone.
    mutating func resume() -> Bool {
        guard state == .parked else { return false }
        state = .serving
        return true
    }

    enum Finish: Equatable {
        case wait, linger, close
    }

    /// The owning thread has finished a request.
    /// - Parameters:
    ///   - isReusable: whether the web server keeps the connection.
    ///   - isClean: whether the response was written completely.
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

    /// The node stops: an idle connection is closed now, any other after its current response.
    /// - Parameter hasBytes: returns whether a request has begun to arrive.
    mutating func drain(hasBytes: () -> Bool) -> Drain {
        isDraining = true
        guard state == .idle else { return .leave }
        state = hasBytes() ? .serving : .closed
        return state == .serving ? .serve : .close
    }

    enum Expiry: Equatable {
        /// Shut the connection down, so that the owning thread's read or write fails.
        case interrupt
        case close, leave
    }

    /// The deadline has passed.
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
