internal import Balancing
internal import Reactor

/// One attempt to get a response from a peer, for `$upstream_…`.
struct UpstreamAttempt {
    let peer: Peer
    let startedAt: MonotonicTime
    /// How long the request waited in the queue; nil if it did not wait.
    var queued: Duration?
    var connectedAt: MonotonicTime?
    var headerAt: MonotonicTime?
    var endedAt: MonotonicTime?
    var status = 0
    /// Bytes of the response's body.
    var responseLength = 0

    /// The response times; nil if the response is not complete.
    var times: ResponseTimes? {
        guard let headerAt, let endedAt else { return nil }
        return ResponseTimes(
            toHead: (headerAt - startedAt).wholeMicroseconds, toEnd: (endedAt - startedAt).wholeMicroseconds)
    }
}
