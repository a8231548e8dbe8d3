extension DirectiveTable {
    /// ngx_http_limit_conn_module.
    static let connectionLimitRules: [DirectiveRule] = [
        DirectiveRule("limit_conn_zone", in: .http, arguments: 2...2, order: .definition) {
            (directive, builder) throws(ConfigurationError) in try builder.connectionZone(directive)
        },
        DirectiveRule("limit_conn", in: .request, arguments: 2...2) {
            (directive, builder) throws(ConfigurationError) in try builder.connectionLimit(directive)
        },
        .setting("limit_conn_status", in: .request, Values.errorStatus, to: \.settings.connectionLimits.status),
        .setting("limit_conn_log_level", in: .request, Values.limitLogLevel, to: \.settings.connectionLimits.logLevel),
        .setting("limit_conn_dry_run", in: .request, Values.flag, to: \.settings.connectionLimits.isDryRun),
    ]
}

extension Builder {
    /// `limit_conn_zone key zone=name:size`
    fileprivate mutating func connectionZone(_ directive: Directive) throws(ConfigurationError) {
        let argument = directive.arguments[1]
        guard let value = argument.dropping(prefix: "zone=") else { throw directive.invalidParameter(argument) }
        let zone = try Self.sharedZone(value, argument: argument, directive)
        let key = try Template(directive.arguments[0], of: directive, variables)
        try registerZone(zone.name, key: directive.arguments[0], directive)
        http.connectionZones.append(ConnectionLimitZone(name: zone.name, key: key, size: zone.size))
    }

    /// `limit_conn zone number`
    fileprivate mutating func connectionLimit(_ directive: Directive) throws(ConfigurationError) {
        let (name, number) = (directive.arguments[0], directive.arguments[1])
        guard let zone = http.connectionZones.firstIndex(where: { $0.name == name }) else {
            throw directive.error("zero size shared memory zone \"\(name)\"")
        }
        if markSeen(directive) { settings.connectionLimits.rules = [] }
        if settings.connectionLimits.rules.contains(where: { $0.zone == zone }) {
            throw directive.namedError("is duplicate")
        }
        guard let limit = Values.number(number), limit > 0 else {
            throw directive.error("invalid number of connections \"\(number)\"")
        }
        guard limit <= 65535 else { throw directive.error("connection limit must be less 65536") }
        settings.connectionLimits.rules.append(ConnectionLimitRule(zone: zone, limit: limit))
    }
}
