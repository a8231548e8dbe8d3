extension DirectiveTable {
    /// ngx_http_upstream_module and its balancing methods.
    static let upstreamRules: [DirectiveRule] = [
        DirectiveRule("upstream", in: .http, arguments: 1...1, order: .upstream, opens: .upstream) {
            (directive, builder) throws(ConfigurationError) in try builder.openUpstream(directive)
        },
        DirectiveRule("server", in: .upstream, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in try builder.upstreamServer(directive)
        },
        DirectiveRule("least_conn", in: .upstream, arguments: 0...0) {
            (directive, builder) throws(ConfigurationError) in
            builder.upstream?.method = .leastConnections
        },
        // What is known of the nodes is shared by all loops anyway.
        DirectiveRule("zone", in: .upstream, arguments: 1...2) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            let (name, size) = (directive.arguments[0], directive.arguments.dropFirst().first)
            if name.isEmpty { throw directive.error("invalid zone name \"\"") }
            guard let size else { return }
            guard let bytes = Values.size(size) else { throw directive.error("invalid zone size \"\(size)\"") }
            guard bytes >= 8 * 4096 else { throw directive.error("zone \"\(name)\" is too small") }
        },
        DirectiveRule("keepalive", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            guard let count = Values.number(directive.arguments[0]), count > 0 else {
                throw directive.error("invalid value \"\(directive.arguments[0])\" in \"keepalive\" directive")
            }
            builder.upstream?.keepalive = count
        },
    ]
}
