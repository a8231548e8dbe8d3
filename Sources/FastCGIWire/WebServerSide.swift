/// The web server's side of a FastCGI connection that carries one request at a time.
///
/// Requests are written with ``encoder``; ``begin(keepsConnection:isHead:into:)`` starts one. What the responder sends is
/// handed to ``next(_:from:)`` until it needs more:
///
/// ```
/// var position = 0
/// reading: while true {
///     switch try exchange.next(bytes, from: &position) {
///     case .head: begin the reply from exchange.head
///     case .body(let range): pass on bytes[range]
///     case .diagnostics(let range): log bytes[range]
///     case .end(let isReusable): finish the reply; keep or close the connection
///     case .rejected: try another peer
///     case .needsMore: break reading
///     }
/// }
/// drop `position` bytes from the front of the buffer
/// ```
/// After an error the connection is to be closed.
package struct WebServerSide: Sendable {
    package enum Event: Sendable, Hashable {
        /// The header is complete: ``WebServerSide/head``.
        case head
        /// Body bytes, as offsets into the span that was given; never empty.
        case body(Range<Int>)
        /// FCGI_STDERR: for the error log.
        case diagnostics(Range<Int>)
        /// The response is complete.
        /// - Parameter isReusable: the connection may carry another request
        case end(isReusable: Bool)
        /// The responder would not take the request, and has not run it. Close the connection.
        case rejected(EndRequest.ProtocolStatus)
        case needsMore
    }

    private enum State {
        case idle
        case head
        case body(BodyAccount)
        case failed(FastCGIError)
    }

    /// Writes the request: params, body, their ends.
    package var encoder = RequestEncoder()
    private var state = State.idle
    private var records = RecordDecoder()
    package private(set) var parser: ResponseHeadParser
    private var keepsConnection = false
    private var isHead = false
    /// Of the last response: 0 for success by convention.
    package private(set) var applicationStatus: UInt32 = 0

    package init(limits: ResponseLimits = ResponseLimits()) {
        parser = ResponseHeadParser(limits: limits)
    }

    /// Valid from ``Event/head`` to the next request.
    package var head: ResponseHead { parser.head }

    /// How much of a response's header is taken. To be changed between requests only.
    package var limits: ResponseLimits {
        get { parser.limits }
        set { parser.limits = newValue }
    }

    /// No request is under way. Bytes that arrive now are an error: close the connection.
    package var isIdle: Bool {
        if case .idle = state { return true }
        return false
    }

    /// Starts a request: BEGIN_REQUEST, and the params are open.
    /// - Parameter isHead: the request method is HEAD, so that the response has no body
    package mutating func begin(keepsConnection: Bool, isHead: Bool = false, into out: inout [UInt8]) {
        guard case .idle = state else { preconditionFailure("a request is under way") }
        encoder.begin(keepsConnection: keepsConnection, into: &out)
        self.keepsConnection = keepsConnection
        self.isHead = isHead
        parser.reset()
        records.reset()
        state = .head
    }

    /// - Parameters:
    ///   - bytes: what has come in and has not been consumed yet
    ///   - position: where in `bytes` to go on; moved past what is done with, the event's bytes included
    package mutating func next(_ bytes: Span<UInt8>, from position: inout Int) throws(FastCGIError) -> Event {
        do {
            return try advance(bytes, &position)
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// The responder has closed the connection.
    package mutating func connectionClosed() throws(FastCGIError) {
        switch state {
        case .idle: break
        case .failed(let error): throw error
        case .head, .body:
            state = .failed(.closedEarly)
            throw .closedEarly
        }
    }

    private mutating func advance(_ bytes: Span<UInt8>, _ position: inout Int) throws(FastCGIError) -> Event {
        switch state {
        case .idle:
            guard position == bytes.count else { throw .bytesAfterEnd }
            return .needsMore
        case .failed(let error):
            throw error
        case .head, .body:
            break
        }
        while true {
            switch try records.next(bytes, from: &position) {
            case .needsMore: return .needsMore
            case .stderr(let range): return .diagnostics(range)
            case .stdout(let range):
                if let event = try takeOutput(bytes, range, &position) { return event }
            case .end(let end):
                return try finish(end, isLast: position == bytes.count)
            }
        }
    }

    /// - Returns: nil if there is nothing to tell
    private mutating func takeOutput(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ position: inout Int
    ) throws(FastCGIError) -> Event? {
        if case .body(var account) = state {
            let count = account.take(range.count)
            state = .body(account)
            return count > 0 ? .body(range.lowerBound..<range.lowerBound + count) : nil
        }
        guard let count = try parser.take(bytes, range) else { return nil }
        records.giveBack(range.count - count)
        position -= range.count - count
        state = .body(BodyAccount(parser.head, isAnswerToHead: isHead))
        return .head
    }

    private mutating func finish(_ end: EndRequest, isLast: Bool) throws(FastCGIError) -> Event {
        applicationStatus = end.applicationStatus
        switch (state, end.protocolStatus) {
        case (.body(let account), .requestComplete):
            try account.end()
            state = .idle
            // A request body that is not wholly sent would be read as the next request's records.
            // Bytes behind the end belong to nothing.
            return .end(isReusable: keepsConnection && encoder.isIdle && isLast)
        case (.head, .requestComplete):
            throw .endedWithinHead
        case (.head, let status):
            state = .idle
            return .rejected(status)
        default:
            throw .closedEarly
        }
    }
}
