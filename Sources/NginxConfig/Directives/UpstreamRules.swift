extension DirectiveTable {
    /// ngx_http_upstream_module and ngx_http_upstream_keepalive_module.
    static let upstreamRules: [DirectiveRule] = [
        DirectiveRule("upstream", in: .http, arguments: 1...1, order: .upstream, opens: .upstream) {
            (directive, builder) throws(ConfigurationError) in try builder.openUpstream(directive)
        },
        DirectiveRule("server", in: .upstream, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in try builder.upstreamServer(directive)
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
        DirectiveRule("keepalive_requests", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            builder.upstream?.keepaliveRequests = try Values.number(directive)
        },
        DirectiveRule("keepalive_time", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            builder.upstream?.keepaliveTime = try Values.milliseconds(directive)
        },
        DirectiveRule("keepalive_timeout", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            builder.upstream?.keepaliveTimeout = try Values.milliseconds(directive)
        },
        // Of nginx's commercial version; there it also says what to do when the queue is full: 502.
        DirectiveRule("queue", in: .upstream, arguments: 1...2) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            guard let limit = Values.number(directive.arguments[0]) else {
                throw directive.error("invalid value \"\(directive.arguments[0])\" in \"queue\" directive")
            }
            var queue = UpstreamQueue(limit: limit)
            if directive.arguments.count == 2 {
                let argument = directive.arguments[1]
                guard let text = argument.dropping(prefix: "timeout="),
                    let timeout = Values.time(text, unit: .milliseconds)
                else { throw directive.invalidParameter(argument) }
                queue.timeout = timeout
            }
            builder.upstream?.queue = queue
        },
    ]
}
