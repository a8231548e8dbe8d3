/// How a handler answers.
enum Reply: Sendable {
    /// At once.
    case now(Response)
    /// When the queue calls back. The connection is parked meanwhile, without a thread. The closure is called once,
    /// after the parking; it may call back from any thread, and at once.
    case later(@Sendable (_ answer: @escaping @Sendable (Answer) -> Void) -> Void)
    /// After work that blocks, perhaps for seconds: it runs when one of the few threads for that is free.
    case blocking(@Sendable () -> Answer)
    /// A body of unknown length, written as it comes, on one of those same threads.
    case stream(Response, StreamedBody)
}

/// Writes a body piece by piece. An error it throws breaks the reply off, or becomes the reply while nothing is written.
typealias StreamedBody = @Sendable (_ write: (borrowing [UInt8]) throws(ClientGone) -> Void) throws -> Void

/// Nobody reads the reply any more.
struct ClientGone: Error {}
