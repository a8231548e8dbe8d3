internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Patterns

/// A configuration in use: the settings, together with the state that reloads keep (peers, limits, logs).
///
/// A reload does not change the configuration of a request that is in progress.
final class RunningConfiguration: Sendable {
    let source: NginxConfiguration
    let listeners: [ListenerSettings]
    let servers: [RunningServer]
    let upstreams: [SharedUpstream]
    let maps: [VariableMap]
    let patterns: [Pattern]
    let healthChecks: [RunningCheck]
    let errorLog: ErrorLogger
    /// `worker_connections`.
    let maxConnections: Int

    init(_ source: NginxConfiguration, _ http: HTTPConfiguration, shared: SharedState) throws(LogFiles.OpenError) {
        self.source = source
        listeners = http.listeners
        maps = http.maps
        // Every pattern compiles here, because the check of the configuration has already compiled it once.
        patterns = http.patterns.compactMap { try? Pattern($0) }
        maxConnections = source.events.workerConnections
        errorLog = try ErrorLogger(source.main.errorLogs, files: shared.logFiles)
        // First do everything that can fail. Only then change the state that the running configuration shares. Keep
        // references to the opened logs until the locations use them: a log without a reference is closed.
        var logs: (access: [AccessLogOutput], error: [ErrorLogger]) = ([], [])
        defer { withExtendedLifetime(logs) {} }
        for settings in http.servers.flatMap(\.locations).map(\.settings) {
            for log in settings.accessLogs { logs.access.append(try shared.accessLog(for: log)) }
            logs.error.append(try ErrorLogger(settings.errorLogs, files: shared.logFiles))
        }
        let upstreams = http.upstreams.map { shared.upstream(for: $0) }
        self.upstreams = upstreams
        let zones = http.limitZones.map { shared.zone(for: $0) }
        let connectionZones = http.connectionZones.map { (shared.connectionZone(for: $0), $0.key) }
        var servers: [RunningServer] = []
        for server in http.servers {
            var locations: [RunningLocation] = []
            for location in server.locations {
                locations.append(
                    try RunningLocation(
                        location.settings, http.upstreams, upstreams: upstreams, zones: zones,
                        connectionZones: connectionZones,
                        shared: shared))
            }
            servers.append(RunningServer(server, locations))
        }
        self.servers = servers
        let healthChecks = Self.healthChecks(http, servers)
        self.healthChecks = healthChecks
        for upstream in upstreams {
            upstream.group.setChecks(healthChecks.filter { $0.upstream === upstream }.map(\.rule))
        }
    }
}
