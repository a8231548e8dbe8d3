internal import NginxConfig
internal import Reactor

/// `limit_rate`: how fast a response may go out.
extension ClientConnection {
    /// Bytes that the client may have now: those of the first second at once, as from nginx.
    var rateAllowance: Int {
        guard let exchange else { return .max }
        let rate = exchange.limitRate
        guard rate > 0 else { return .max }
        let elapsed = (worker.loop.now - exchange.startedAt).wholeMilliseconds
        let allowed = location.settings.limitRateAfter + rate + Int(clamping: elapsed) * rate / 1000
        return max(0, allowed - responseBytesSent)
    }

    /// Until the client may have a tenth of a second's share.
    var rateDelay: Duration { .milliseconds(100) }

    func holdBack() {
        isHeldBack = true
        arm(.rate)
    }
}
