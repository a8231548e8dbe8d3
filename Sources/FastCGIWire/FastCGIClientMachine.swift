/// The protocol state of a FastCGI connection on the web server's side. The connection carries one request at a time.
///
/// ``begin(keepsConnection:isHead:into:)`` starts a request, and ``encoder`` writes the rest of it. Pass the bytes of
/// the responder to ``next(_:from:)`` until it returns `needsMore`:
///
/// ```
/// var position = 0
/// reading: while true {
///     switch try machine.next(bytes, from: &position) {
///     case .head: begin the response from machine.head
///     case .body(let range): pass on bytes[range]
///     case .diagnostics(let range): log bytes[range]
///     case .end(let isReusable): finish the response; keep or close the connection
///     case .rejected: try another peer
///     case .needsMore: break reading
///     }
/// }
/// drop `position` bytes from the front of the buffer
/// ```
/// After an error, close the connection.
package struct FastCGIClientMachine: Sendable {
    package enum Event: Sendable, Hashable {
        /// The header is complete, see ``FastCGIClientMachine/head``.
        case head
        /// Body bytes, as offsets into the given span. Never empty.
        case body(Range<Int>)
        /// Content of an FCGI_STDERR record, for the error log.
        case diagnostics(Range<Int>)
        /// The response is complete.
        /// - Parameter isReusable: whether the connection may carry another request
        case end(isReusable: Bool)
        /// The responder has refused the request without running it. Close the connection.
        case rejected(EndRequest.ProtocolStatus)
        case needsMore
    }

    private enum State {
        case idle
        case head
        case body(BodyAccount)
        case failed(FastCGIError)
    }

    /// Writes the request: its params, its body, and the ends of both.
    package var encoder = RequestEncoder()
    private var state = State.idle
    private var records = RecordDecoder()
    package private(set) var parser: CGIResponseHeadParser
    private var keepsConnection = false
    private var isHead = false
    /// The application status of the last response. By convention 0 means success.
    package private(set) var applicationStatus: UInt32 = 0

    package init(limits: ResponseLimits = ResponseLimits()) {
        parser = CGIResponseHeadParser(limits: limits)
    }

    /// The head of the response. It is valid from ``Event/head`` until the next request.
    package var head: CGIResponseHead { parser.head }

    /// The limits of the header of a response. Change them only between requests.
    package var limits: ResponseLimits {
        get { parser.limits }
        set { parser.limits = newValue }
    }

    /// Whether no request is in progress. If so, any received byte is an error: close the connection.
    package var isIdle: Bool {
        if case .idle = state { return true }
        return false
    }

    /// Starts a request: writes BEGIN_REQUEST and opens the params.
    /// - Parameter isHead: whether the request method is HEAD. If so, the response has no body
    package mutating func begin(keepsConnection: Bool, isHead: Bool = false, into out: inout [UInt8]) {
        guard case .idle = state else { preconditionFailure("a request is in progress") }
        encoder.begin(keepsConnection: keepsConnection, into: &out)
        self.keepsConnection = keepsConnection
        self.isHead = isHead
        parser.reset()
        records.reset()
        state = .head
    }

    /// - Parameters:
    ///   - bytes: the bytes that were received and not consumed yet
    ///   - position: the offset in `bytes` to continue at; moved behind the consumed bytes, including those of the
    ///     event
    package mutating func next(_ bytes: Span<UInt8>, from position: inout Int) throws(FastCGIError) -> Event {
        do {
            return try advance(bytes, &position)
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// Call this when the responder has closed the connection.
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

    /// - Returns: nil if there is no event
    private mutating func takeOutput(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ position: inout Int
    ) throws(FastCGIError) -> Event? {
        if case .body(var account) = state {
            let count = account.take(range.count)
            state = .body(account)
            return count > 0 ? .body(range.lowerBound..<range.lowerBound + count) : nil
        }
        guard let count = try parser.take(bytes, range) else { return nil }
        records.unread(range.count - count)
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
            // The connection is reusable only if the request body was sent completely: otherwise the responder would
            // read the next request as a part of this body. It is also not reusable if further bytes follow: they
            // belong to no request.
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
