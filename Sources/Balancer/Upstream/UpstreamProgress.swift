internal import Balancing
internal import Reactor

/// What one request has tried so far.
struct UpstreamProgress {
    /// Everything but memory and references: reset by assignment.
    struct Figures {
        /// When the wait in the queue began.
        var queuedAt = MonotonicTime(nanoseconds: 0)
        /// When the wait for a usable peer began; nil: there was none.
        var waitingSince: MonotonicTime?
        /// When the head was first made: nginx sends the next peer the same bytes, also for `$msec`.
        var headTime: WallTime?
        var bytesReceived = 0
        var bytesSent = 0
    }

    var lease: Lease?
    var connection: UpstreamConnection?
    var tried = TriedPeers()
    var attempts: [UpstreamAttempt] = []
    var figures = Figures()

    /// Nothing tried, with the memory of the last request.
    mutating func reset() {
        if lease != nil { lease = nil }
        if connection != nil { connection = nil }
        tried.removeAll()
        attempts.removeAll(keepingCapacity: true)
        figures = Figures()
    }
}
