extension DirectiveTable {
    /// What the balancer does not have, and nobody can tell: responses go out as they are, logs stay open, files are opened
    /// anew. The values are checked as far as they are simple.
    static let absentRules: [DirectiveRule] =
        ["gzip", "gzip_vary", "open_file_cache_errors"].map { flag($0, in: .request) }
        + ["gzip_comp_level", "gzip_min_length", "open_file_cache_min_uses"].map { number($0, in: .request) }
        + [
            "gzip_buffers", "gzip_disable", "gzip_http_version", "gzip_proxied", "gzip_types", "open_file_cache",
            "open_file_cache_valid", "open_log_file_cache",
        ].map { name in
            DirectiveRule(name, in: .request, arguments: .atLeast(1)) {
                (directive, builder) throws(ConfigurationError) in try builder.claim(directive)
            }
        }
        + [
            // Only browsers of the last century would notice.
            DirectiveRule("keepalive_disable", in: .request, arguments: .atLeast(1)) {
                (directive, builder) throws(ConfigurationError) in
                try builder.claim(directive)
                for word in directive.arguments where !["none", "msie6", "safari"].contains(word) {
                    throw directive.error("invalid value \"\(word)\"")
                }
            }
        ]
}
