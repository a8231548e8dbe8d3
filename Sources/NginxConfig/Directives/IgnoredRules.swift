extension DirectiveTable {
    /// Directives that are accepted without effect. Their values are checked as far as that is simple.
    static let ignoredRules = tuningRules + absentFeatureRules

    /// Directives that tune nginx's internals: its hash tables, memory pools, and event loop. The balancer has no such
    /// parts, and no client or peer can see the effect of these directives.
    private static let tuningRules: [DirectiveRule] =
        [
            checked("pcre_jit", in: .main) { (directive) throws(ConfigurationError) in
                let _: Bool = try Values.flag(directive)
            },
            checked("use", in: .events) { (directive) throws(ConfigurationError) in
                guard directive.arguments[0] == "epoll" else {
                    throw directive.error("invalid event type \"\(directive.arguments[0])\"")
                }
            },
            checked("accept_mutex_delay", in: .events) { (directive) throws(ConfigurationError) in
                let _: Duration = try Values.milliseconds(directive)
            },
            DirectiveRule("fastcgi_buffers", in: .request, arguments: 2...2) {
                (directive, builder) throws(ConfigurationError) in
                try builder.rejectDuplicate(directive)
                guard (Values.number(directive.arguments[0]) ?? 0) > 0, (Values.size(directive.arguments[1]) ?? 0) > 0
                else { throw directive.namedError("invalid value") }
            },
            // `zone` has no effect: the loops always share the state of the peers.
            DirectiveRule("zone", in: .upstream, arguments: 1...2) {
                (directive, builder) throws(ConfigurationError) in
                try builder.rejectDuplicate(directive)
                let (name, size) = (directive.arguments[0], directive.arguments.dropFirst().first)
                if name.isEmpty { throw directive.error("invalid zone name \"\"") }
                guard let size else { return }
                guard let bytes = Values.size(size) else { throw directive.error("invalid zone size \"\(size)\"") }
                guard bytes >= 8 * 4096 else { throw directive.error("zone \"\(name)\" is too small") }
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
        + ["fastcgi_busy_buffers_size", "fastcgi_temp_file_write_size"].map { size($0, in: .request) }
        + ["proxy", "scgi", "uwsgi"].map { unchecked("\($0)_temp_path", arguments: 1...4) }

    /// Directives of features that the balancer does not have. Responses are not compressed, log files stay open, and
    /// each request opens its file.
    private static let absentFeatureRules: [DirectiveRule] =
        ["gzip", "gzip_vary", "open_file_cache_errors"].map { flag($0, in: .request) }
        + ["gzip_comp_level", "gzip_min_length", "open_file_cache_min_uses"].map { number($0, in: .request) }
        + [
            "gzip_buffers", "gzip_disable", "gzip_http_version", "gzip_proxied", "gzip_types", "open_file_cache",
            "open_file_cache_valid", "open_log_file_cache",
        ].map { unchecked($0, arguments: .atLeast(1)) }
        + [
            // The directive only avoids bugs of old browsers (MSIE 6, and Safari of that time).
            DirectiveRule("keepalive_disable", in: .request, arguments: .atLeast(1)) {
                (directive, builder) throws(ConfigurationError) in
                try builder.rejectDuplicate(directive)
                for word in directive.arguments where !["none", "msie6", "safari"].contains(word) {
                    throw directive.error("invalid value \"\(word)\"")
                }
            },
            // The balancer checks only the client's address, so "all" and "any" mean the same.
            DirectiveRule("satisfy", in: .request, arguments: 1...1) {
                (directive, builder) throws(ConfigurationError) in
                try builder.rejectDuplicate(directive)
                guard ["all", "any"].contains(directive.arguments[0]) else {
                    throw directive.error("invalid value \"\(directive.arguments[0])\"")
                }
            },
        ]

    /// A directive with one argument and without effect. `check` throws if the argument is invalid.
    private static func checked(
        _ name: String, in contexts: Contexts, check: @escaping @Sendable (Directive) throws(ConfigurationError) -> Void
    ) -> DirectiveRule {
        DirectiveRule(name, in: contexts, arguments: 1...1) { (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            try check(directive)
        }
    }

    private static func flag(_ name: String, in contexts: Contexts) -> DirectiveRule {
        checked(name, in: contexts) { (directive) throws(ConfigurationError) in
            let _: Bool = try Values.flag(directive)
        }
    }

    private static func number(_ name: String, in contexts: Contexts) -> DirectiveRule {
        checked(name, in: contexts) { (directive) throws(ConfigurationError) in
            let _: Int = try Values.number(directive)
        }
    }

    private static func size(_ name: String, in contexts: Contexts) -> DirectiveRule {
        checked(name, in: contexts) { (directive) throws(ConfigurationError) in
            let _: Int = try Values.size(directive)
        }
    }

    private static func unchecked(_ name: String, arguments: ClosedRange<Int>) -> DirectiveRule {
        DirectiveRule(name, in: .request, arguments: arguments) { (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
        }
    }
}
