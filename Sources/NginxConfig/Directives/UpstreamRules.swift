extension DirectiveTable {
    /// ngx_http_upstream_module and ngx_http_upstream_keepalive_module.
    static let upstreamRules: [DirectiveRule] = [
        DirectiveRule("upstream", in: .http, arguments: 1...1, order: .upstream, opens: .upstream) {
            (directive, builder) throws(ConfigurationError) in try builder.openUpstream(directive)
        },
        DirectiveRule("server", in: .upstream, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in try builder.upstreamServer(directive)
        },
        DirectiveRule("keepalive", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            guard let count = Values.number(directive.arguments[0]), count > 0 else {
                throw directive.error("invalid value \"\(directive.arguments[0])\" in \"keepalive\" directive")
            }
            builder.upstream?.keepalive = count
        },
        DirectiveRule("keepalive_requests", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.upstream?.keepaliveRequests = try Values.number(directive)
        },
        DirectiveRule("keepalive_time", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.upstream?.keepaliveTime = try Values.milliseconds(directive)
        },
        DirectiveRule("keepalive_timeout", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.upstream?.keepaliveTimeout = try Values.milliseconds(directive)
        },
        // `queue` is a directive of nginx Plus. If the queue is full, nginx Plus answers with 502, but the balancer
        // with 503.
        DirectiveRule("queue", in: .upstream, arguments: 1...2) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
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
