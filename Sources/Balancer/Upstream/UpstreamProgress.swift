internal import Balancing
internal import Reactor

/// What one request has tried so far.
struct UpstreamProgress {
    var lease: Lease?
    var connection: UpstreamConnection?
    var tried = TriedPeers()
    var attempts: [UpstreamAttempt] = []
    /// When the wait in the queue began.
    var queuedAt = MonotonicTime(nanoseconds: 0)
    /// When the wait for a usable peer began; nil: there was none.
    var waitingSince: MonotonicTime?
    var bytesReceived = 0
    var bytesSent = 0
    /// When the head was first made: nginx sends the next peer the same bytes, also for `$msec`.
    var headTime: WallTime?

    init() {}

    /// Nothing tried, with the memory of `old`.
    init(reusing old: inout UpstreamProgress) {
        swap(&attempts, &old.attempts)
        attempts.removeAll(keepingCapacity: true)
        swap(&tried, &old.tried)
        tried.removeAll()
    }
}
