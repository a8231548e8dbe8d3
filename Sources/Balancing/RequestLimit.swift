/// A `limit_req` directive.
package struct RequestLimit: Sendable {
    package enum Delay: Sendable, Hashable {
        /// `nodelay`: an admitted request continues at once.
        case never
        /// `delay=N`: an admitted request waits if it is more than N requests ahead of the rate. nginx's default is 0.
        case beyond(Int)
    }

    package let zone: RequestZone
    /// How many requests a key may be ahead of the rate. nginx's default is 0.
    package let burst: Int
    package let delay: Delay

    package init(zone: RequestZone, burst: Int = 0, delay: Delay = .beyond(0)) {
        self.zone = zone
        self.burst = min(max(0, burst), 1_000_000_000)
        self.delay = delay
    }

    /// How long an admitted request waits.
    func delay(forExcess excess: Int64) -> Milliseconds {
        guard case .beyond(let requests) = delay else { return 0 }
        return zone.rate.time(for: max(0, excess - Int64(clamping: requests) * 1_000))
    }

    package var windowSeconds: Int { RequestBudget.windowSeconds(burst: burst, rate: zone.rate) }
}
