internal import Threading

/// Services that start one stage after the other and stop in the opposite order, a stage at a time.
package final class ServiceGroup: Sendable {
    private struct Stage {
        let services: [Service]
        let headStart: Duration?
    }

    private let stages = Monitor<[Stage]>([])
    private let isHurried = Monitor(false)

    package init() {}

    /// Starts the services of one more stage.
    /// - Parameter headStart: when stopping, the stage before this one is asked to stop after this time at the latest,
    ///   because what this one still waits for may come from it; `nil`: only when this one has ended.
    package func start(_ services: [Service], headStart: Duration? = nil) {
        stages.withLock { $0.append(Stage(services: services, headStart: headStart)) }
        for service in services { service.start() }
    }

    package var services: [Service] { stages.withLock { $0.flatMap(\.services) } }

    /// Stops all; each stage when the later ones have ended. Returns when nothing runs any more.
    package func stop() {
        var lingering: [(service: Service, deadline: ContinuousClock.Instant)] = []
        while let stage = stages.withLock({ $0.popLast() }) {
            let start = ContinuousClock.now
            for service in stage.services { service.askToStop() }
            lingering += stage.services.map { ($0, start + $0.stopLimit) }
            if let headStart = stage.headStart {
                for service in stage.services { _ = wait(for: service, until: start + headStart) }
            } else {
                for (service, deadline) in lingering where !wait(for: service, until: deadline) { service.kill() }
                lingering = []
            }
        }
        for (service, deadline) in lingering where !wait(for: service, until: deadline) { service.kill() }
    }

    /// Makes a running ``stop()`` wait for nothing more.
    package func hurry() { isHurried.broadcast { $0 = true } }

    /// - Returns: whether it ended.
    private func wait(for service: Service, until deadline: ContinuousClock.Instant) -> Bool {
        repeat {
            if service.waitUntilStopped(.milliseconds(20)) { return true }
        } while ContinuousClock.now < deadline && !isHurried.withLock { $0 }
        return false
    }
}
