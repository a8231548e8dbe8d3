internal import Balancing
internal import Reactor

/// The attempts of one request so far.
struct UpstreamProgress {
    /// The properties that own no memory and no references, in one struct, so that a reset can replace all of them at
    /// once.
    struct Figures {
        /// When the wait in the queue began.
        var queuedAt = MonotonicTime(nanoseconds: 0)
        /// When the request began to wait for a usable peer; nil if it has not waited.
        var waitingSince: MonotonicTime?
        /// When the head was first encoded. Each peer gets the same `$msec`, because nginx sends the same bytes to each
        /// peer.
        var headTime: WallTime?
        var bytesReceived = 0
        var bytesSent = 0
    }

    var lease: Lease?
    var connection: UpstreamConnection?
    var tried = TriedPeers()
    var attempts: [UpstreamAttempt] = []
    var figures = Figures()

    /// Removes the attempts, and keeps the memory.
    mutating func reset() {
        if lease != nil { lease = nil }
        if connection != nil { connection = nil }
        tried.removeAll()
        attempts.removeAll(keepingCapacity: true)
        figures = Figures()
    }
}
