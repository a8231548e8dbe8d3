internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Patterns

/// A configuration in force: what was read, joined with what lives longer than a configuration (peers, limits, logs).
///
/// Requests keep the one they began under until they end.
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
    let maximumConnections: Int

    init(_ source: NginxConfiguration, _ http: HTTPConfiguration, shared: SharedState) throws(LogFiles.OpenError) {
        self.source = source
        listeners = http.listeners
        maps = http.maps
        // They were compiled when the configuration was checked.
        patterns = http.patterns.compactMap { try? Pattern($0) }
        maximumConnections = source.events.workerConnections
        errorLog = try ErrorLogger(source.main.errorLogs, files: shared.logFiles)
        // All that can fail comes before what is shared with the configuration in force is changed.
        // Held until they are used: what nobody has is closed.
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

final class RunningServer: Sendable {
    let server: NginxConfig.Server
    /// Of the server, whose other lists are not to be copied at each request.
    let table: LocationTable
    let locations: [RunningLocation]
    /// `$server_name`.
    let name: [UInt8]
    /// What is taken of a request's head.
    let headLimits: HTTPLimits
    let requestRules: RequestRules

    init(_ server: NginxConfig.Server, _ locations: [RunningLocation]) {
        self.server = server
        table = server.table
        self.locations = locations
        name = Array((server.names.first?.text ?? "").utf8)
        var limits = HTTPLimits()
        limits.requestLine = server.settings.parsing.headerBuffers.requestLine
        limits.head = server.settings.parsing.headerBuffers.head
        if let count = server.settings.parsing.maxHeaders { limits.fields = count }
        headLimits = limits
        var rules = RequestRules()
        rules.takesUnderscores = server.settings.parsing.takesUnderscores
        rules.dropsInvalidNames = server.settings.parsing.dropsInvalidHeaders
        rules.mergesSlashes = server.settings.parsing.mergesSlashes
        requestRules = rules
    }
}

/// One location's settings, made ready for requests.
final class RunningLocation: Sendable {
    let settings: LocationSettings
    let upstream: SharedUpstream?
    let choiceKey: ChoiceKey
    let params: ParamProgram
    /// Client headers, in lower case, that a `fastcgi_param HTTP_…` hides.
    let hiddenHeaders: [String]
    let limiter: RequestLimiter?
    /// One for each limit.
    let limitKeys: [Template]
    /// One for each limit: `limit_req_zone`'s name, for the `RateLimit-Policy` header.
    let limitNames: [String]
    let connectionLimits: [ConnectionLimit]
    let addedHeaders: [RunningHeader]
    let accessLogs: [RunningLog]
    let errorLog: ErrorLogger
    /// A log or an added header wants headers of the response, which are to be kept until then.
    let keepsResponseHeaders: Bool

    struct RunningLog: Sendable {
        let output: AccessLogOutput
        let format: LogFormat
    }

    /// `limit_conn`.
    struct ConnectionLimit: Sendable {
        let zone: ConnectionZone
        let key: Template
        let limit: Int
    }

    /// `add_header`, with its name as bytes.
    struct RunningHeader: Sendable {
        let name: [UInt8]
        let rule: AddedHeader
    }

    init(
        _ settings: LocationSettings, _ upstreamSettings: [Upstream], upstreams: [SharedUpstream], zones: [RequestZone],
        connectionZones: [(zone: ConnectionZone, key: Template)], shared: SharedState
    ) throws(LogFiles.OpenError) {
        self.settings = settings
        upstream = settings.fastCGI.pass.map { upstreams[$0] }
        choiceKey = settings.fastCGI.pass.map { ChoiceKey(upstreamSettings[$0].method) } ?? .none
        params = ParamProgram(settings.fastCGI.params)
        hiddenHeaders = settings.fastCGI.params.compactMap { ParamProgram.hiddenHeader($0.name) }
        limiter =
            settings.requestLimits.rules.isEmpty
            ? nil
            : RequestLimiter(
                settings.requestLimits.rules.map { rule in
                    RequestLimit(
                        zone: zones[rule.zone], burst: rule.burst, delay: rule.delayAfter.map { .beyond($0) } ?? .never)
                })
        limitKeys = settings.requestLimits.rules.map { shared.limitKey(zone: zones[$0.zone].name) }
        limitNames = settings.requestLimits.rules.map { zones[$0.zone].name }
        connectionLimits = settings.connectionLimits.rules.map { rule in
            ConnectionLimit(
                zone: connectionZones[rule.zone].zone, key: connectionZones[rule.zone].key, limit: rule.limit)
        }
        addedHeaders = settings.response.addedHeaders.map { RunningHeader(name: Array($0.name.utf8), rule: $0) }
        var logs: [RunningLog] = []
        for log in settings.accessLogs {
            logs.append(RunningLog(output: try shared.accessLog(for: log), format: log.format))
        }
        accessLogs = logs
        errorLog = try ErrorLogger(settings.errorLogs, files: shared.logFiles)
        let templates = logs.map(\.format.template) + settings.response.addedHeaders.map(\.value)
        keepsResponseHeaders = templates.contains { template in
            template.parts.contains { part in
                switch part {
                case .variable(.responseHeader), .variable(.upstreamHeader), .variable(.upstreamCookie),
                    .variable(.mapped):
                    true
                default: false
                }
            }
        }
    }
}
