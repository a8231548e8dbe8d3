internal import Reactor

/// The client's side of an exchange, whatever protocol it speaks: the response goes in, and the request's body is asked
/// for. ``HTTP1Connection`` is one; a stream of an HTTP/2 connection will be another.
///
/// The request takes the other way: who reads it fills ``Exchange/request``, calls ``Exchange/begin(at:)``, and hands the
/// body over with ``Exchange/receiveBody(_:)`` and ``Exchange/endBody()`` as long as ``Exchange/demandBody()`` lets it.
protocol ClientStream: AnyObject {
    /// Response bytes that the client has not taken yet.
    var responseBacklog: Int { get }
    /// Bytes sent to the client since the exchange began.
    var responseBytesSent: Int { get }
    /// How many of these were the heads of responses.
    var responseHeadBytes: Int { get }

    /// - Parameters:
    ///   - reason: The reason phrase; nil for the usual one of the status.
    ///   - contentLength: Of the body; nil if it is not known.
    func beginResponse(_ status: Int, reason: String?, contentLength: Int?, mayKeepAlive: Bool)
    func responseField(_ name: Span<UInt8>, _ value: Span<UInt8>)
    /// Writes `Server` and `Date`, as nearly every response has them.
    func responseServerAndDate(_ time: TimeText)
    func endResponseHead()
    func responseBody(_ bytes: Span<UInt8>)
    /// Takes body bytes that stay where they are until ``takeLentBody()``, so that they need not be copied.
    func responseBody(lent bytes: Span<UInt8>)
    /// The lender is about to reuse the memory of the bytes that it lent.
    func takeLentBody()
    /// All of the body, after ``endResponseHead()``.
    func responseFile(_ part: FilePart)
    /// The response is complete. The stream calls ``Exchange/complete()`` when the client has all of it.
    func endResponse()
    /// The response cannot be completed: the client must see that it is not whole.
    func abortResponse()
    /// There is no response at all (nginx's 444).
    func dropConnection(resets: Bool)
    /// Sends what there is, as far as the client takes it.
    func flushResponse()
    /// ``Exchange/demandBody()`` said no, and would say yes now.
    func resumeRequestBody()
}

extension ClientStream {
    func responseBody(lent bytes: Span<UInt8>) { responseBody(bytes) }
    func takeLentBody() {}

    func responseServerAndDate(_ time: TimeText) {
        responseField("Server", TimeText.serverName)
        responseField("Date", time.http)
    }

    func responseField(_ name: StaticString, _ value: [UInt8]) {
        let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        responseField(name.span, value.span)
    }
}
