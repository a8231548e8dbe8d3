import Balancer
import DefaultProxy
import Settings

/// The built-in configuration with this installation's values.
///
/// Each value is first checked alone with the balancer's parser, so that an error names the variable instead of a line
/// of the generated file.
enum ShippedProxy {
    /// How long requests wait for a killed node to restart, in seconds.
    private static let nodeWait = 5

    /// - Parameter listen: the value of `--listen`.
    static func text(_ settings: Settings, listen: String?) throws(SettingsError) -> String {
        let addresses = try settings.value(EnvironmentVariables.listen, option: listen, "--listen")
        try check(
            addresses, of: EnvironmentVariables.listen, option: listen.map { _ in "--listen" },
            "an address to listen on"
        ) {
            DefaultProxy.configuration(listen: $0)
        }
        let nodes = try settings.value(EnvironmentVariables.upstream)
        try check(nodes, of: EnvironmentVariables.upstream, "a node's address (unix:/path or host:port)") {
            DefaultProxy.configuration(servers: $0)
        }
        let proxies = try settings.value(EnvironmentVariables.trustedProxies)
        try check(proxies, of: EnvironmentVariables.trustedProxies, "an address or a network") {
            DefaultProxy.configuration(trustedProxies: $0)
        }
        let accessLog = try settings.value(EnvironmentVariables.accessLog)
        try check(accessLog.map { [$0] } ?? [], of: EnvironmentVariables.accessLog, "a file") {
            DefaultProxy.configuration(accessLog: $0[0])
        }
        let requests = try settings.value(EnvironmentVariables.rateLimitRequests)
        let window = Int((try settings.value(EnvironmentVariables.rateLimitWindow) / .seconds(1)).rounded(.up))
        return DefaultProxy.configuration(
            listen: addresses, servers: nodes, nodeWait: nodeWait,
            strategy: try settings.value(EnvironmentVariables.strategy) == .roundRobin
                ? .roundRobin : .leastConnections,
            rateLimit: requests == 0 ? nil : DefaultProxy.RateLimit(requests: requests, windowSeconds: window),
            trustedProxies: proxies, accessLog: accessLog)
    }

    private static func check<Value>(
        _ items: [String], of variable: EnvironmentVariable<Value>, option: String? = nil, _ expectation: String,
        in configuration: ([String]) -> String
    ) throws(SettingsError) {
        for item in items where BalancerOptions.refusal(of: configuration([item])) != nil {
            throw SettingsError(variable, option: option, "\(Settings.shown(item)) is not \(expectation)")
        }
        // Also check the whole list: it is invalid if a value occurs twice.
        if !items.isEmpty, let refusal = BalancerOptions.refusal(of: configuration(items)) {
            throw SettingsError(variable, option: option, refusal)
        }
    }
}
