internal import HTTPWire
internal import Reactor

/// Reads one request of an HTTP/1 connection: its head, then its body.
///
/// Pooled (``BalancerLoop/readers``), because an idle connection has no use for it.
final class HTTP1Reader {
    var parser = RequestParser()
    var decoder = BodyDecoder(.none)
    private(set) var bodyStartedAt = MonotonicTime(nanoseconds: 0)

    /// Below so many bytes a second, over the whole of `client_body_timeout`, a body is given up.
    private static let minBodyRate: Int64 = 500

    /// - Parameter limit: Bytes of the body that are taken at most (`client_max_body_size`).
    func beginBody(_ framing: BodyFraming, limit: Int, now: MonotonicTime) {
        decoder = BodyDecoder(framing, maxBytes: limit)
        bodyStartedAt = now
    }

    /// The client has sent so little that it holds a place rather than sends a body.
    func isBodyTooSlow(_ count: Int, now: MonotonicTime, timeout: Duration) -> Bool {
        let elapsed = now - bodyStartedAt
        return elapsed > timeout && Int64(count) < elapsed.wholeMilliseconds / 1000 * Self.minBodyRate
    }

    /// Ready for the next request.
    func reset() { parser.reset() }
}
