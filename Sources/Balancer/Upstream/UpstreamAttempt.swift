internal import Balancing
internal import Reactor

/// One node asked, for `$upstream_…`.
struct UpstreamAttempt {
    let peer: Peer
    let startedAt: MonotonicTime
    /// How long the request waited for a place; nil: not at all.
    var queued: Duration?
    var connectedAt: MonotonicTime?
    var headerAt: MonotonicTime?
    var endedAt: MonotonicTime?
    var status = 0
    var responseLength = 0

    /// Of a response that is complete.
    var times: ResponseTimes? {
        guard let headerAt, let endedAt else { return nil }
        return ResponseTimes(
            toHead: (headerAt - startedAt).wholeMicroseconds, toEnd: (endedAt - startedAt).wholeMicroseconds)
    }
}

extension ExchangeMachine.Failure {
    /// For the error log.
    var text: String {
        switch self {
        case .connectFailed: "could not be connected to"
        case .connectTimedOut: "timed out while connecting to upstream"
        case .connectionLost: "prematurely closed connection"
        case .timedOut: "timed out while reading response from upstream"
        case .overloaded: "is overloaded"
        case .invalidResponse: "sent an invalid response"
        }
    }

    /// For `$upstream_status`.
    var status: Int {
        switch self {
        case .connectTimedOut, .timedOut: 504
        case .overloaded: 503
        default: 502
        }
    }
}
