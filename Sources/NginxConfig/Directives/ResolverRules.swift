extension DirectiveTable {
    /// `resolver` of ngx_http_core_module and ngx_http_upstream_module.
    static let resolverRules: [DirectiveRule] = [
        DirectiveRule("resolver", in: .http, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.http.resolver = try ResolverSettings(directive)
        },
        DirectiveRule("resolver", in: .upstream, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.upstream?.resolver = try ResolverSettings(directive)
        },
        // In these contexts, nginx uses `resolver` only for host names in variables. The balancer does not support such
        // names, so the value is checked and dropped.
        DirectiveRule("resolver", in: [.server, .location], arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            _ = try ResolverSettings(directive)
        },
        .setting("resolver_timeout", in: .http, Values.milliseconds, to: \.http.resolverTimeout),
        DirectiveRule("resolver_timeout", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.upstream?.resolverTimeout = try Values.milliseconds(directive)
        },
        DirectiveRule("resolver_timeout", in: [.server, .location], arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            let _: Duration = try Values.milliseconds(directive)
        },
    ]
}

extension ResolverSettings {
    /// `resolver address … [valid=time] [ipv4=on|off] [ipv6=on|off]`
    fileprivate init(_ directive: Directive) throws(ConfigurationError) {
        var servers: [Endpoint] = []
        var settings = ResolverSettings(servers: [])
        for argument in directive.arguments {
            if let text = argument.dropping(prefix: "valid=") {
                guard let time = Values.time(text, unit: .seconds) else {
                    throw directive.error("invalid parameter: \(argument)")
                }
                settings.validity = time
            } else if let text = argument.dropping(prefix: "ipv4=") {
                settings.isIPv4 = try Self.flag(text, argument, directive)
            } else if let text = argument.dropping(prefix: "ipv6=") {
                settings.isIPv6 = try Self.flag(text, argument, directive)
            } else {
                do throws(Endpoint.AddressError) {
                    servers.append(try Endpoint(argument, defaultPort: 53))
                } catch {
                    throw directive.error("\(error.reason) in resolver \"\(argument)\"")
                }
            }
        }
        guard settings.isIPv4 || settings.isIPv6 else {
            throw directive.error("\"ipv4\" and \"ipv6\" cannot both be \"off\"")
        }
        guard !servers.isEmpty else { throw directive.error("no name servers defined") }
        self.init(
            servers: servers, validity: settings.validity, isIPv4: settings.isIPv4, isIPv6: settings.isIPv6)
    }

    private static func flag(
        _ text: String, _ argument: String, _ directive: Directive
    ) throws(ConfigurationError) -> Bool {
        guard ["on", "off"].contains(text) else { throw directive.error("invalid parameter: \(argument)") }
        return text == "on"
    }
}
