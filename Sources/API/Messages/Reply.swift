/// How a handler answers a request.
enum Reply: Sendable {
    /// Answer immediately.
    case now(APIResponse)
    /// Answer when the queue calls back. Until then the connection is parked and uses no thread.
    ///
    /// The closure is called once, after the connection has been parked. It may call `answer` from any thread, also
    /// before it returns.
    case later(@Sendable (_ answer: @escaping @Sendable (Answer) -> Void) -> Void)
    /// Answer after blocking work that may take seconds. The work runs on one of the few threads that are reserved for
    /// it (``BlockingLane``).
    case blocking(@Sendable () -> Answer)
    /// Answer with a body of unknown length, which is written piece by piece. The writing runs on the same threads as
    /// blocking work.
    case stream(APIResponse, StreamedBody)
}

/// Writes a body piece by piece. If it throws a ``Problem`` before it writes the first piece, the problem becomes the
/// response. If it throws after that, the response ends incomplete.
typealias StreamedBody = @Sendable (_ write: (borrowing [UInt8]) throws(ClientGone) -> Void) throws -> Void

/// The client has closed the connection, or has stopped reading.
struct ClientGone: Error {}
