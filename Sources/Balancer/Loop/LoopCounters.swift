internal import Synchronization

/// The counters of one loop. Only its thread writes them; any thread may read them.
final class LoopCounters: Sendable {
    /// Requests that have ended, including those that the client aborted.
    let requests = Atomic<Int>(0)
    /// Requests that `limit_req` refused.
    let rateLimited = Atomic<Int>(0)
    /// Requests that `limit_req` let pass without a delay.
    let limitPassed = Atomic<Int>(0)
    /// Requests that `limit_req` let pass after a delay.
    let limitDelayed = Atomic<Int>(0)
    /// Requests that `limit_conn` refused.
    let connectionLimited = Atomic<Int>(0)
    /// Client connections closed because of `client_max_connections`.
    let clientsLimited = Atomic<Int>(0)
    /// Client connections that are open now.
    let connections = Atomic<Int>(0)
    /// Client connections accepted since the start.
    let accepted = Atomic<Int>(0)
    /// Attempts to send a request to a peer. The first attempt of each request is not counted.
    let retries = Atomic<Int>(0)
    /// Requests that had to wait for a connection to a peer, or for a healthy peer.
    let queued = Atomic<Int>(0)
    /// Requests whose client closed the connection before the response began.
    let clientAborts = Atomic<Int>(0)
    // Requests that have ended, by status class, 1xx to 5xx.
    let informational = Atomic<Int>(0)
    let successful = Atomic<Int>(0)
    let redirections = Atomic<Int>(0)
    let clientErrors = Atomic<Int>(0)
    let serverErrors = Atomic<Int>(0)
    /// Upstream connections closed because the peer ended a response before it had received the whole request, or
    /// because it sent bytes after the end of a response.
    let upstreamViolations = Atomic<Int>(0)

    func countResponse(_ status: Int) {
        switch status / 100 {
        case 2: Self.add(successful)
        case 3: Self.add(redirections)
        case 4: Self.add(clientErrors)
        case 5: Self.add(serverErrors)
        default: Self.add(informational)
        }
    }

    /// A load and a store are enough, because a counter has one writer. An atomic addition would cost a locked
    /// instruction.
    static func add(_ counter: borrowing Atomic<Int>, _ amount: Int = 1) {
        counter.store(counter.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
