internal import Balancing
internal import HTTPWire
internal import NginxConfig

/// A `health_check` of a configuration in use.
final class RunningCheck: Sendable {
    let settings: HealthCheck
    let rule: HealthCheckRule
    let upstream: SharedUpstream
    /// The indices of the server and the location in the configuration.
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
        var parsed = RequestHead()
        let head = head(uri, host: "localhost")
        do throws(HTTPError) {
            return try parser.parse(head.span, into: &parsed) == head.count
        } catch {
            return false
        }
    }
}

extension NginxConfiguration {
    /// Throws if the `uri` of a health check does not make a valid request.
    func checkHealthChecks() throws(ConfigurationError) {
        for check in http?.servers.flatMap(\.locations).compactMap(\.settings.healthCheck) ?? []
        where !RunningCheck.isRequest(check.uri) {
            throw ConfigurationError("invalid parameter \"uri=\(check.uri)\"", at: check.location)
        }
    }
}

extension RunningConfiguration {
    /// All health checks of a configuration. A check has the same name after a reload, so that the health of peers is
    /// kept.
    static func healthChecks(_ http: HTTPConfiguration, _ servers: [RunningServer]) -> [RunningCheck] {
        var checks: [RunningCheck] = []
        for (serverIndex, server) in servers.enumerated() {
            for (index, location) in server.locations.enumerated() {
                guard let settings = location.settings.healthCheck, let upstream = location.upstream else { continue }
                let name = "\(settings.uri) \(settings.match?.name ?? "")"
                let earlier = checks.count { $0.upstream === upstream && $0.rule.name.hasSuffix(name) }
                // The Host header needs a plain name, without wildcards or regular expressions.
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
