internal import Threading

/// Services that start one stage after the other and stop in the opposite order, a stage at a time.
package final class ServiceGroup: Sendable {
    private let stages = Monitor<[[Service]]>([])
    private let isHurried = Monitor(false)

    package init() {}

    /// Starts the services of one more stage.
    package func start(_ services: [Service]) {
        stages.withLock { $0.append(services) }
        for service in services { service.start() }
    }

    /// Why one of them cannot run.
    package var failure: String? {
        stages.withLock { $0 }.joined().lazy.compactMap(\.failure).first
    }

    /// Stops all; each stage when the later ones have ended. Returns when nothing runs any more.
    package func stop() {
        while let stage = stages.withLock({ $0.popLast() }) {
            for service in stage { service.askToStop() }
            for service in stage { wait(for: service) }
        }
    }

    /// Makes a running ``stop()`` wait for nothing more.
    package func hurry() { isHurried.broadcast { $0 = true } }

    private func wait(for service: Service) {
        let deadline = ContinuousClock.now + service.stopLimit
        while ContinuousClock.now < deadline, !isHurried.withLock({ $0 }) {
            if service.waitUntilStopped(.milliseconds(50)) { return }
        }
        service.kill()
    }
}
