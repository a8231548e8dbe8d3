extension DirectiveTable {
    /// Directives that steer nginx's own inside, its hash tables, pools and temporary files, and change nothing that a
    /// client or a node can see. Their values are checked, and then nobody asks for them: the balancer has none of
    /// these.
    static let tuningRules: [DirectiveRule] =
        [
            tuning("pcre_jit", in: .main) { (directive) throws(ConfigurationError) in
                let _: Bool = try Values.flag(directive)
            },
            tuning("use", in: .events) { (directive) throws(ConfigurationError) in
                guard directive.arguments[0] == "epoll" else {
                    throw directive.error("invalid event type \"\(directive.arguments[0])\"")
                }
            },
            tuning("accept_mutex_delay", in: .events) { (directive) throws(ConfigurationError) in
                let _: Duration = try Values.milliseconds(directive)
            },
            DirectiveRule("fastcgi_buffers", in: .request, arguments: 2...2) {
                (directive, builder) throws(ConfigurationError) in
                try builder.claim(directive)
                guard (Values.number(directive.arguments[0]) ?? 0) > 0, (Values.size(directive.arguments[1]) ?? 0) > 0
                else { throw directive.isFaulty("invalid value") }
            },
        ]
        + ["accept_mutex", "multi_accept"].map { flag($0, in: .events) }
        + ["sendfile", "tcp_nopush", "tcp_nodelay", "client_body_in_single_buffer"].map { flag($0, in: .request) }
        + ["types_hash_max_size", "types_hash_bucket_size"].map { number($0, in: .request) }
        + [
            "server_names_hash_max_size", "server_names_hash_bucket_size", "variables_hash_max_size",
            "variables_hash_bucket_size", "map_hash_max_size", "map_hash_bucket_size",
        ].map { number($0, in: .http) }
        + ["connection_pool_size", "request_pool_size"].map { size($0, in: [.http, .server]) }
        + ["fastcgi_busy_buffers_size", "fastcgi_temp_file_write_size"].map {
            size($0, in: .request)
        }
        + ["proxy", "scgi", "uwsgi"].map { name in
            DirectiveRule("\(name)_temp_path", in: .request, arguments: 1...4) {
                (directive, builder) throws(ConfigurationError) in try builder.claim(directive)
            }
        }

    static func tuning(
        _ name: String, in contexts: Contexts, check: @escaping @Sendable (Directive) throws(ConfigurationError) -> Void
    ) -> DirectiveRule {
        DirectiveRule(name, in: contexts, arguments: 1...1) { (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            try check(directive)
        }
    }

    static func flag(_ name: String, in contexts: Contexts) -> DirectiveRule {
        tuning(name, in: contexts) { (directive) throws(ConfigurationError) in
            let _: Bool = try Values.flag(directive)
        }
    }

    static func number(_ name: String, in contexts: Contexts) -> DirectiveRule {
        tuning(name, in: contexts) { (directive) throws(ConfigurationError) in
            let _: Int = try Values.number(directive)
        }
    }

    private static func size(_ name: String, in contexts: Contexts) -> DirectiveRule {
        tuning(name, in: contexts) { (directive) throws(ConfigurationError) in
            let _: Int = try Values.size(directive)
        }
    }
}
