internal import NginxConfig
internal import Reactor

/// `limit_rate`: how fast a response may go out.
extension ClientConnection {
    /// Bytes that the client may have now: those of the first second at once, as from nginx.
    var rateAllowance: Int {
        guard let exchange else { return .max }
        let rate = exchange.limitRate
        guard rate > 0 else { return .max }
        let elapsed = (loop.events.now - exchange.startedAt).wholeMilliseconds
        // Not in whole numbers: a rate may be so high that they overflow.
        let allowed = Double(location.settings.client.limitRateAfter) + Double(rate) * (1 + Double(elapsed) / 1000)
        return max(0, (Int(exactly: allowed.rounded()) ?? .max) - responseBytesSent)
    }

    /// Until the client may have a tenth of a second's share.
    var rateDelay: Duration { .milliseconds(100) }

    func holdBack() {
        isHeldBack = true
        arm(.rate)
    }
}
