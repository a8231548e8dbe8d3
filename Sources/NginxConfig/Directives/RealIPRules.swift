extension DirectiveTable {
    /// ngx_http_realip_module.
    static let realIPRules: [DirectiveRule] = [
        DirectiveRule("set_real_ip_from", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            let source = try builder.network(directive) { parts in
                parts.count == 2 || parts[0].isEmpty
                    ? "host not found in set_real_ip_from \"\(directive.arguments[0])\""
                    : "host names in \"set_real_ip_from\" are not supported: \"\(directive.arguments[0])\""
            }
            if builder.markSeen(directive) { builder.settings.realIP.trustedProxies = [] }
            builder.settings.realIP.trustedProxies.append(source)
        },
        DirectiveRule("real_ip_header", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            let name = directive.arguments[0].lowercased()
            builder.settings.realIP.header =
                switch name {
                case "x-forwarded-for": .xForwardedFor
                case "proxy_protocol": .proxyProtocol
                default: .named(name)
                }
        },
        .setting("real_ip_recursive", in: .request, Values.flag, to: \.settings.realIP.isRecursive),
    ]
}
