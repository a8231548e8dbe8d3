internal import Balancing
internal import Reactor

/// One peer that was asked, for `$upstream_…`.
struct UpstreamAttempt {
    let peer: Peer
    let startedAt: MonotonicTime
    /// How long the request waited in the queue; nil: it did not.
    var queued: Duration?
    var connectedAt: MonotonicTime?
    var headerAt: MonotonicTime?
    var endedAt: MonotonicTime?
    var status = 0
    /// Bytes of the response's body.
    var responseLength = 0

    /// Of a response that is complete.
    var times: ResponseTimes? {
        guard let headerAt, let endedAt else { return nil }
        return ResponseTimes(
            toHead: (headerAt - startedAt).wholeMicroseconds, toEnd: (endedAt - startedAt).wholeMicroseconds)
    }
}
