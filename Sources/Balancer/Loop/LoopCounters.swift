internal import Synchronization

/// What one loop counts. Only the loop writes; anyone reads.
final class LoopCounters: Sendable {
    let requests = Atomic<Int>(0)
    let rateLimited = Atomic<Int>(0)
    /// `limit_req`: those that passed at once, or after a delay.
    let limitPassed = Atomic<Int>(0)
    let limitDelayed = Atomic<Int>(0)
    /// `limit_conn`: refused.
    let connectionLimited = Atomic<Int>(0)
    /// `client_max_connections`: connections closed at once.
    let clientsLimited = Atomic<Int>(0)
    let connections = Atomic<Int>(0)
    let accepted = Atomic<Int>(0)
    let retries = Atomic<Int>(0)
    let queued = Atomic<Int>(0)
    let clientAborts = Atomic<Int>(0)
    /// Responses by their status's first digit, from 1.
    let informational = Atomic<Int>(0)
    let successful = Atomic<Int>(0)
    let redirections = Atomic<Int>(0)
    let clientErrors = Atomic<Int>(0)
    let serverErrors = Atomic<Int>(0)
    /// Upstream connections that broke the protocol: early ends, bytes after the end.
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

    /// One writer: a load and a store, no locked instruction.
    static func add(_ counter: borrowing Atomic<Int>, _ amount: Int = 1) {
        counter.store(counter.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
