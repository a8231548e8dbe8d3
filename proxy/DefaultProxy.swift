/// The shipped configuration of the balancer (`proxy/millrace.conf`), with the values of one installation.
package enum DefaultProxy {
    package enum Strategy: Sendable {
        case roundRobin
        case leastConnections
    }

    /// A client may send `requests` at once, and then as many per `windowSeconds` at an even rate (nginx's leaky bucket).
    package struct RateLimit: Sendable, Hashable {
        package let requests: Int
        package let windowSeconds: Int

        /// - Precondition: Both are at least 1.
        package init(requests: Int, windowSeconds: Int) {
            self.requests = requests
            self.windowSeconds = windowSeconds
        }
    }

    /// The contents of the shipped file.
    package static var shipped: String {
        String(decoding: PackageResources.millrace_conf, as: UTF8.self)
    }

    /// Returns the shipped file with the given values. Without arguments, it is the shipped file byte for byte.
    ///
    /// The strings are inserted unchanged. `NginxConfiguration.load` reports errors in them.
    /// - Parameters:
    ///   - listen: the arguments of `listen`: `127.0.0.1:8000`, `[::]:8000`, `unix:/path`
    ///   - servers: the addresses of the nodes: `unix:/path`, `host:port`. Each may have parameters (`weight=2`). A host
    ///     name may have no address yet.
    ///   - nodeWait: how long a request waits for a healthy node before it gets a 502, in seconds. A killed node is
    ///     usually back sooner. Needs `queue`, which only the balancer and nginx Plus have; nil: no wait.
    ///   - maxConnections: maximum number of connections from this balancer to each node; 0: no limit
    ///   - rateLimit: nil: no limit
    ///   - trustedProxies: addresses or networks whose `X-Forwarded-For` is believed, also for a chain of proxies
    ///   - pidFile: absolute, or relative to the prefix
    ///   - accessLog: the file of the JSON access log; nil: off
    package static func configuration(
        listen: [String] = ["127.0.0.1:8000"],
        servers: [String] = (1...3).map { "unix:/run/millrace/api-\($0).sock" },
        nodeWait: Int? = nil,
        maxConnections: Int = 2000,
        strategy: Strategy = .roundRobin,
        rateLimit: RateLimit? = RateLimit(requests: 100, windowSeconds: 60),
        trustedProxies: [String] = [],
        pidFile: String = "millrace.pid",
        accessLog: String? = nil
    ) -> String {
        var lines: [String] = []
        var written: Set<String> = []
        for line in shipped.split(separator: "\n", omittingEmptySubsequences: false) {
            let indent = String(line.prefix { $0 == " " })
            let name = String(line.dropFirst(indent.count).prefix { $0 != " " && $0 != ";" })
            let isNode = name == "server" && line.hasSuffix(";")
            let replacement: [String]? =
                switch name {
                case "listen": listen.map { "listen \($0)" }
                case "server" where isNode:
                    servers.map { server in
                        let limit = maxConnections > 0 ? " max_conns=\(maxConnections)" : ""
                        return "server \(server)\(limit) fail_timeout=1s\(isNamed(server) ? " resolve" : "")"
                    }
                case "keepalive":
                    (strategy == .leastConnections ? ["least_conn"] : [])
                        + (nodeWait.map { ["queue 4096 timeout=\($0)s"] } ?? []) + [text(of: line)]
                case "limit_req_zone": rateLimit.map { ["\(withoutLastWord(line)) rate=\(rate($0))"] } ?? []
                case "limit_req_status": rateLimit == nil ? [] : nil
                case "limit_req":
                    rateLimit.map {
                        ["limit_req zone=clients\($0.requests > 1 ? " burst=\($0.requests - 1)" : "") nodelay"]
                    } ?? []
                case "pid": ["pid \(pidFile)"]
                case "access_log":
                    ["access_log \(accessLog.map { "\($0) json" } ?? "off")"]
                        + trustedProxies.map { "set_real_ip_from \($0)" }
                        + (trustedProxies.isEmpty
                            ? [] : ["real_ip_header X-Forwarded-For", "real_ip_recursive on"])
                default: nil
                }
            guard let replacement else {
                lines.append(String(line))
                continue
            }
            // If the file has several lines of this directive, all new lines replace the first one.
            if written.insert(name).inserted {
                lines += replacement.map { "\(indent)\($0);" }
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Whether the address has a host name. With compose, a service has a name before its first node has an address.
    private static func isNamed(_ server: String) -> Bool {
        !server.hasPrefix("unix:") && !server.hasPrefix("[")
            && server.prefix { $0 != ":" && $0 != " " }.contains { $0 != "." && !$0.isNumber }
    }

    /// The line of a directive without its indentation and `;`.
    private static func text(of line: Substring) -> String {
        String(line.drop { $0 == " " }.dropLast())
    }

    private static func withoutLastWord(_ line: Substring) -> String {
        text(of: line).split(separator: " ").dropLast().joined(separator: " ")
    }

    /// The rate in whole requests per minute if possible, which nginx accepts too; otherwise with nine decimals.
    private static func rate(_ limit: RateLimit) -> String {
        let scale = 1_000_000_000
        let (whole, rest) = (limit.requests * 60).quotientAndRemainder(dividingBy: limit.windowSeconds)
        if rest == 0 { return "\(whole)r/m" }
        let decimals = String(scale + (rest * scale + limit.windowSeconds / 2) / limit.windowSeconds).dropFirst()
        return "\(whole).\(decimals)r/m"
    }
}
