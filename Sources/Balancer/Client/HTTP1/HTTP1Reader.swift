internal import HTTPWire
internal import Reactor

/// Reads one request of an HTTP/1 connection: its head, then its body.
///
/// Readers are pooled, because an idle connection does not need one.
final class HTTP1Reader {
    var parser = RequestParser()
    var decoder = BodyDecoder(.none)
    private(set) var bodyStartedAt = MonotonicTime(nanoseconds: 0)

    /// The minimum rate of a body in bytes per second. A body that is slower over a whole `client_body_timeout` is
    /// refused.
    private static let minBodyRate: Int64 = 500

    /// - Parameter limit: The maximum number of body bytes (`client_max_body_size`).
    func beginBody(_ framing: BodyFraming, limit: Int, now: MonotonicTime) {
        decoder = BodyDecoder(framing, maxBytes: limit)
        bodyStartedAt = now
    }

    /// Whether the client sends its body so slowly that it may only want to occupy the connection.
    func isBodyTooSlow(_ count: Int, now: MonotonicTime, timeout: Duration) -> Bool {
        let elapsed = now - bodyStartedAt
        return elapsed > timeout && Int64(count) < elapsed.wholeMilliseconds / 1000 * Self.minBodyRate
    }

    /// Prepares the reader for the next request.
    func reset() { parser.reset() }
}
