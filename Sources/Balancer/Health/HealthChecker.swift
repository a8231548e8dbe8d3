internal import NginxConfig

/// The active health checks. The first loop does them for all loops.
final class HealthChecker {
    private let loop: BalancerLoop
    private var schedules: [CheckSchedule] = []

    init(_ loop: BalancerLoop) { self.loop = loop }

    func adopt(_ configuration: RunningConfiguration) {
        stop()
        schedules = configuration.healthChecks.map { CheckSchedule($0, configuration, loop) }
    }

    func stop() {
        for schedule in schedules { schedule.stop() }
        schedules = []
    }
}
