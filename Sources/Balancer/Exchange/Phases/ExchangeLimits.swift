internal import Balancing
internal import NginxConfig
internal import Reactor

/// `limit_req` and `limit_conn`: whether the request may go on, and when.
extension Exchange {
    /// `limit_req`: refused. A request is counted once, also when it is led to an `error_page`.
    var isLimited: Bool {
        let location: RunningLocation = location
        guard let limiter = location.limiter, limitStatus.utf8CodeUnitCount == 0 else { return false }
        let admission: Admission
        if location.limitKeys.count == 1 {
            limitKey.removeAll(keepingCapacity: true)
            append(location.limitKeys[0], to: &limitKey)
            let key = limitKey
            admission = limiter.admit(key: key.span, now: loop.milliseconds)
        } else {
            let keys = location.limitKeys.map { template in
                var key: [UInt8] = []
                append(template, to: &key)
                return key
            }
            admission = limiter.admit(keys: keys, now: loop.milliseconds)
        }
        let isDryRun = location.settings.requestLimits.isDryRun
        switch admission {
        case .admitted(0):
            limitStatus = "PASSED"
            LoopCounters.add(loop.counters.limitPassed)
        case .admitted where isDryRun:
            limitStatus = "DELAYED_DRY_RUN"
        case .admitted(let delay):
            limitStatus = "DELAYED"
            LoopCounters.add(loop.counters.limitDelayed)
            startTimer(.delayed, after: .milliseconds(delay))
        case .refused(let index, let excess, let budget):
            limitStatus = isDryRun ? "REJECTED_DRY_RUN" : "REJECTED"
            logLimit(index, excess)
            if isDryRun { return false }
            LoopCounters.add(loop.counters.rateLimited)
            refuse(.rateLimited(location.settings.requestLimits.status, limitIndex: index, budget))
            return true
        }
        return false
    }

    private func logLimit(_ index: Int, _ excess: Int64) {
        let dryRun = location.settings.requestLimits.isDryRun ? ", dry run" : ""
        log(
            location.settings.requestLimits.logLevel,
            "limiting requests\(dryRun), excess: \(excess / 1000).\(pad(excess % 1000)) by zone \"\(location.limitNames[index])\""
        )
    }

    private func pad(_ thousandths: Int64) -> String {
        String(repeating: "0", count: 3 - String(thousandths).count) + String(thousandths)
    }

    /// `limit_conn`: counts the request in each zone, or in none and refuses it. An empty key is not counted.
    var isConnectionLimited: Bool {
        guard connectionLimitStatus.utf8CodeUnitCount == 0 else { return false }
        for rule in location.connectionLimits {
            let key = value(of: rule.key)
            if key.isEmpty || key.count > 255 { continue }
            if rule.zone.enter(key, limit: rule.limit) {
                countedIn.append((rule.zone, key))
                connectionLimitStatus = "PASSED"
                continue
            }
            let isDryRun = location.settings.connectionLimits.isDryRun
            leaveConnectionZones()
            connectionLimitStatus = isDryRun ? "REJECTED_DRY_RUN" : "REJECTED"
            log(
                location.settings.connectionLimits.logLevel,
                "limiting connections\(isDryRun ? ", dry run" : "") by zone \"\(rule.zone.name)\"")
            if isDryRun { return false }
            LoopCounters.add(loop.counters.connectionLimited)
            refuse(.tooManyConnections(location.settings.connectionLimits.status))
            return true
        }
        return false
    }

    func leaveConnectionZones() {
        if countedIn.isEmpty { return }
        for place in countedIn { place.zone.leave(place.key) }
        countedIn.removeAll(keepingCapacity: true)
    }
}
