internal import Balancing
internal import NginxConfig
internal import Reactor

/// Starts the probes of one health check at its interval.
final class CheckSchedule: TimerHandler {
    private let check: RunningCheck
    private let configuration: RunningConfiguration
    private let loop: BalancerLoop
    private var timer: EventLoop.Timer!
    /// The probes in progress, by the peer's id.
    private var probes: [Int: HealthProbe] = [:]

    init(_ check: RunningCheck, _ configuration: RunningConfiguration, _ loop: BalancerLoop) {
        self.check = check
        self.configuration = configuration
        self.loop = loop
        timer = loop.events.makeTimer(self)
        begin()
    }

    func timerFired(_ timer: EventLoop.Timer) { begin() }

    private func begin() {
        loop.events.set(timer, after: check.settings.interval)
        // A peer whose last probe is still in progress gets no second one.
        for peer in check.upstream.group.checkedPeers where probes[peer.id] == nil {
            let probe = HealthProbe(check, configuration, loop, peer: peer) { [weak self] in
                self?.probes[peer.id] = nil
            }
            probes[peer.id] = probe
            let jitter = Int(check.settings.jitter.wholeMilliseconds)
            probe.start(after: .milliseconds(jitter > 0 ? .random(in: 0...jitter) : 0))
        }
    }

    func stop() {
        loop.events.remove(timer)
        for probe in probes.values { probe.cancel() }
        probes = [:]
    }
}
