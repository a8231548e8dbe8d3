internal import Reactor

/// The client's side of an exchange. The exchange calls the stream to send the response. ``HTTP1Connection`` and
/// ``HealthProbe`` implement this protocol.
///
/// The stream in turn passes the request to the exchange:
/// 1. It fills ``Exchange/request`` and calls ``Exchange/begin(at:)``.
/// 2. While ``Exchange/demandBody()`` returns true, it reads a piece of the body, and calls
///    ``Exchange/receiveBody(_:)``, then ``Exchange/beginContent()``.
/// 3. At the end of the body it calls ``Exchange/endBody()``.
///
/// An exchange does not keep its stream alive. The stream gives the exchange back to the loop before the stream is
/// released.
protocol ClientStream: AnyObject {
    /// Response bytes that the client has not taken yet.
    var responseBacklog: Int { get }
    /// Bytes sent to the client since the exchange began.
    var responseBytesSent: Int { get }
    /// How many of ``responseBytesSent`` belong to heads of responses.
    var responseHeadBytes: Int { get }

    /// - Parameters:
    ///   - reason: The reason phrase; nil for the usual one of the status.
    ///   - contentLength: The length of the body; nil if it is not known.
    func beginResponse(_ status: Int, reason: String?, contentLength: Int?, mayKeepAlive: Bool)
    func responseField(_ name: Span<UInt8>, _ value: Span<UInt8>)
    /// Writes the fields `Server` and `Date`, which nearly every response has.
    func responseServerAndDate(_ time: TimeText)
    func endResponseHead()
    func responseBody(_ bytes: Span<UInt8>)
    /// Takes body bytes without copying them. They must stay in place until ``takeLentBody()``.
    func responseBody(lent bytes: Span<UInt8>)
    /// Sends or copies the lent bytes, because their owner is about to reuse the memory.
    func takeLentBody()
    /// Sends a part of a file as the response's whole body. Call it after ``endResponseHead()``.
    func responseFile(_ part: FilePart)
    /// Ends the response. The stream calls ``Exchange/complete()`` when the client has received all of it.
    func endResponse()
    /// Breaks the response off. The client notices that the response is incomplete.
    func abortResponse()
    /// Closes the connection without a response (nginx's 444).
    func dropConnection(resets: Bool)
    /// Sends as much of the response as the client takes now.
    func flushResponse()
    /// Continues to read the body: ``Exchange/demandBody()`` returned false before, and would return true now.
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
