internal import Balancing
internal import NginxConfig

/// The settings of one location, prepared for requests.
final class RunningLocation: Sendable {
    let settings: LocationSettings
    /// `fastcgi_pass`.
    let upstream: SharedUpstream?
    let choiceKey: ChoiceKey
    let params: ParamProgram
    /// Client headers, in lower case, that a `fastcgi_param HTTP_…` replaces.
    let hiddenHeaders: [String]
    /// The phases that can have an effect at this location.
    let phases: [Phase]
    let limiter: RequestLimiter?
    /// The key of each `limit_req`.
    let limitKeys: [Template]
    /// The zone name of each `limit_req`, for the `RateLimit-Policy` header.
    let limitNames: [String]
    let connectionLimits: [ConnectionLimit]
    let addedHeaders: [RunningHeader]
    let accessLogs: [RunningLog]
    let errorLog: ErrorLogger
    /// Whether the response's headers are kept. They are kept if a log or an added header may refer to them.
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
        upstream = settings.upstream.pass.map { upstreams[$0] }
        choiceKey = settings.upstream.pass.map { ChoiceKey(upstreamSettings[$0].method) } ?? .none
        params = ParamProgram(settings.fastCGI.params)
        hiddenHeaders = settings.fastCGI.params.compactMap { ParamProgram.hiddenHeader($0.name) }
        phases = Phase.ofLocation.filter { $0.isNeeded(at: settings) }
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
