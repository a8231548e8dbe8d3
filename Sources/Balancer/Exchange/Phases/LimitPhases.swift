internal import Balancing
internal import NginxConfig

/// `limit_req` and `limit_conn`: decides whether the request may continue, and when.
struct LimitPhases {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    func runRequestLimit() -> Phase.Outcome {
        let location: RunningLocation = exchange.location
        guard let limiter = location.limiter, !exchange.limits.hasDecidedRequest else { return .proceed }
        let isDryRun = location.settings.requestLimits.isDryRun
        switch admit(limiter, location) {
        case .admitted(0):
            exchange.limits.requestStatus = "PASSED"
            LoopCounters.add(exchange.loop.counters.limitPassed)
        case .admitted where isDryRun:
            exchange.limits.requestStatus = "DELAYED_DRY_RUN"
        case .admitted(let delay):
            exchange.limits.requestStatus = "DELAYED"
            LoopCounters.add(exchange.loop.counters.limitDelayed)
            exchange.delay(by: .milliseconds(delay))
        case .refused(let index, let excess, let budget):
            exchange.limits.requestStatus = isDryRun ? "REJECTED_DRY_RUN" : "REJECTED"
            log(index, excess, isDryRun)
            if isDryRun { return .proceed }
            LoopCounters.add(exchange.loop.counters.rateLimited)
            exchange.refuse(.rateLimited(location.settings.requestLimits.status, limitIndex: index, budget))
            return .answered
        }
        return .proceed
    }

    private func admit(_ limiter: RequestLimiter, _ location: RunningLocation) -> Admission {
        let (variables, now) = (exchange.variables, exchange.loop.milliseconds)
        guard location.limitKeys.count == 1 else {
            return limiter.admit(keys: location.limitKeys.map(variables.value(of:)), now: now)
        }
        // Nearly all locations have only one limit. Its key is built in memory that the loop keeps.
        exchange.loop.limitKey.removeAll(keepingCapacity: true)
        variables.append(location.limitKeys[0], to: &exchange.loop.limitKey)
        let key = exchange.loop.limitKey
        return limiter.admit(key: key.span, now: now)
    }

    private func log(_ index: Int, _ excess: Int64, _ isDryRun: Bool) {
        let thousandths = String(excess % 1000)
        let padding = String(repeating: "0", count: 3 - thousandths.count)
        exchange.log(
            exchange.location.settings.requestLimits.logLevel,
            "limiting requests\(isDryRun ? ", dry run" : ""), excess: \(excess / 1000).\(padding)\(thousandths) by zone \"\(exchange.location.limitNames[index])\""
        )
    }

    /// Counts the request in the zone of each `limit_conn`. If a key has reached its limit or a zone is full, the
    /// request is refused and counted in no zone. A key that is empty or longer than 255 bytes is not counted.
    func runConnectionLimit() -> Phase.Outcome {
        guard !exchange.limits.hasDecidedConnection else { return .proceed }
        for rule in exchange.location.connectionLimits {
            let key = exchange.variables.value(of: rule.key)
            if key.isEmpty || key.count > 255 { continue }
            if exchange.limits.enter(rule.zone, key, limit: rule.limit) {
                exchange.limits.connectionStatus = "PASSED"
                continue
            }
            let settings = exchange.location.settings
            let isDryRun = settings.connectionLimits.isDryRun
            exchange.limits.leaveZones()
            exchange.limits.connectionStatus = isDryRun ? "REJECTED_DRY_RUN" : "REJECTED"
            exchange.log(
                settings.connectionLimits.logLevel,
                "limiting connections\(isDryRun ? ", dry run" : "") by zone \"\(rule.zone.name)\"")
            if isDryRun { return .proceed }
            LoopCounters.add(exchange.loop.counters.connectionLimited)
            exchange.refuse(.tooManyConnections(settings.connectionLimits.status))
            return .answered
        }
        return .proceed
    }
}
