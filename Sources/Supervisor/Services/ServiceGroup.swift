internal import Threading

/// Services in stages. Stages start one after the other, and stop in the opposite order.
package final class ServiceGroup: Sendable {
    private struct Stage {
        let services: [Service]
        let headStart: Duration?
    }

    private let stages = Monitor<[Stage]>([])
    private let isImmediate = Monitor(false)

    package init() {}

    /// Starts the services of a new stage.
    /// - Parameter headStart: ``stop()`` waits at most this long for this stage to end before it asks the previous
    ///   stage to stop. Use a head start if this stage waits for results of the previous stage. `nil` if the previous
    ///   stage must run until this stage has ended.
    package func start(_ services: [Service], headStart: Duration? = nil) {
        stages.withLock { $0.append(Stage(services: services, headStart: headStart)) }
        for service in services { service.start() }
    }

    package var services: [Service] { stages.withLock { $0.flatMap(\.services) } }

    /// Stops all services, stage by stage, the latest first. Returns when all processes have ended.
    package func stop() {
        var stopping: [(service: Service, deadline: ContinuousClock.Instant)] = []
        while let stage = stages.withLock({ $0.popLast() }) {
            let start = ContinuousClock.now
            for service in stage.services { service.askToStop() }
            stopping += stage.services.map { ($0, start + $0.stopTimeout) }
            if let headStart = stage.headStart {
                for service in stage.services { _ = wait(for: service, until: start + headStart) }
            } else {
                for (service, deadline) in stopping where !wait(for: service, until: deadline) { service.kill() }
                stopping = []
            }
        }
        for (service, deadline) in stopping where !wait(for: service, until: deadline) { service.kill() }
    }

    /// Makes ``stop()`` kill the remaining services without waiting.
    package func stopNow() { isImmediate.broadcast { $0 = true } }

    /// - Returns: whether the service has ended.
    private func wait(for service: Service, until deadline: ContinuousClock.Instant) -> Bool {
        repeat {
            if service.waitUntilStopped(.milliseconds(20)) { return true }
        } while ContinuousClock.now < deadline && !isImmediate.withLock { $0 }
        return false
    }
}
