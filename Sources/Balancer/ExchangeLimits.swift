internal import Balancing
internal import NginxConfig
internal import Reactor

/// `limit_req`: whether the request may go on, and when.
extension Exchange {
    func limit() {
        guard let limiter = location.limiter else { return }
        let admission: Admission
        if location.limitKeys.count == 1 {
            var key: [UInt8] = []
            append(location.limitKeys[0], to: &key)
            admission = limiter.admit(key: key.span, now: worker.milliseconds)
        } else {
            let keys = location.limitKeys.map { template in
                var key: [UInt8] = []
                append(template, to: &key)
                return key
            }
            admission = limiter.admit(keys: keys, now: worker.milliseconds)
        }
        switch admission {
        case .admitted(0):
            limitStatus = "PASSED"
        case .admitted(let delay):
            limitStatus = "DELAYED"
            startTimer(.delayed, after: .milliseconds(delay))
        case .refused(let index, let excess, let budget):
            limitStatus = "REJECTED"
            LoopCounters.add(worker.counters.rateLimited)
            logLimit(index, excess)
            refuse(.rateLimited(location.settings.limitStatus, limitIndex: index, budget))
        }
    }

    private func logLimit(_ index: Int, _ excess: Int64) {
        log(
            .error,
            "limiting requests, excess: \(excess / 1000).\(pad(excess % 1000)) by zone \"\(location.limitNames[index])\""
        )
    }

    private func pad(_ thousandths: Int64) -> String {
        String(repeating: "0", count: 3 - String(thousandths).count) + String(thousandths)
    }
}
