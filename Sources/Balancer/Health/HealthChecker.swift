internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// A `health_check` of a configuration in force.
final class RunningCheck: Sendable {
    let settings: HealthCheck
    let rule: HealthCheckRule
    let upstream: SharedUpstream
    /// Places in the configuration.
    let server: Int
    let location: Int
    /// The head of the request, as if a client had sent it.
    let head: [UInt8]

    init(
        _ settings: HealthCheck, name: String, upstream: SharedUpstream, host: String, server: Int, location: Int
    ) {
        self.settings = settings
        rule = HealthCheckRule(
            name: name, fails: settings.fails, passes: settings.passes, isMandatory: settings.isMandatory)
        self.upstream = upstream
        self.server = server
        self.location = location
        head = Self.head(settings.uri, host: host)
    }

    private static func head(_ uri: String, host: String) -> [UInt8] {
        Array("GET \(uri) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: millrace-health-check\r\n\r\n".utf8)
    }

    static func isRequest(_ uri: String) -> Bool {
        var parser = RequestParser()
        let head = head(uri, host: "localhost")
        do throws(HTTPError) {
            return try parser.parse(head.span) == head.count
        } catch {
            return false
        }
    }
}

extension NginxConfiguration {
    /// A check has to be a request that a client could send.
    func checkHealthChecks() throws(ConfigurationError) {
        for check in http?.servers.flatMap(\.locations).compactMap(\.settings.healthCheck) ?? []
        where !RunningCheck.isRequest(check.uri) {
            throw ConfigurationError("invalid parameter \"uri=\(check.uri)\"", at: check.location)
        }
    }
}

extension RunningConfiguration {
    /// All of a configuration. Each has a name that it has again after a reload, so that what is known of peers stays.
    static func healthChecks(_ http: HTTPConfiguration, _ servers: [RunningServer]) -> [RunningCheck] {
        var checks: [RunningCheck] = []
        for (serverIndex, server) in servers.enumerated() {
            for (index, location) in server.locations.enumerated() {
                guard let settings = location.settings.healthCheck, let upstream = location.upstream else { continue }
                let name = "\(settings.uri) \(settings.match?.name ?? "")"
                let earlier = checks.count { $0.upstream === upstream && $0.rule.name.hasSuffix(name) }
                // Only a plain name can be asked for.
                let host = server.server.names.lazy.compactMap { name in
                    if case .text(let name) = name, !name.isEmpty, !name.contains("*"), !name.hasPrefix(".") {
                        name
                    } else {
                        nil
                    }
                }.first
                checks.append(
                    RunningCheck(
                        settings, name: "\(earlier) \(name)", upstream: upstream, host: host ?? "localhost",
                        server: serverIndex, location: index))
            }
        }
        return checks
    }
}

/// Active health checks, all of them from one loop: their outcome holds for all.
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

/// One check's turns.
private final class CheckSchedule: TimerHandler {
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
