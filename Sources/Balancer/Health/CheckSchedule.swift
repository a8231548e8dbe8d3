internal import Balancing
internal import NginxConfig
internal import Reactor

/// When one check asks its peers.
final class CheckSchedule: TimerHandler {
    private let check: RunningCheck
    private let configuration: RunningConfiguration
    private let loop: BalancerLoop
    private var timer: EventLoop.Timer!
    /// By the peer's id.
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
        // One that is still under way is not begun again.
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
