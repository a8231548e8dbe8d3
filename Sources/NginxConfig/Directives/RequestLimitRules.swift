extension DirectiveTable {
    /// ngx_http_limit_req_module.
    static let requestLimitRules: [DirectiveRule] = [
        DirectiveRule("limit_req_zone", in: .http, arguments: 3...3, order: .definition) {
            (directive, builder) throws(ConfigurationError) in try builder.limitZone(directive)
        },
        DirectiveRule("limit_req", in: .request, arguments: 1...3) {
            (directive, builder) throws(ConfigurationError) in try builder.limitRule(directive)
        },
        .setting("limit_req_status", in: .request, Values.errorStatus, to: \.settings.requestLimits.status),
        .setting("limit_req_log_level", in: .request, Values.limitLogLevel, to: \.settings.requestLimits.logLevel),
        .setting("limit_req_dry_run", in: .request, Values.flag, to: \.settings.requestLimits.isDryRun),
    ]
}

extension Builder {
    /// `limit_req_zone key zone=name:size rate=rate`
    mutating func limitZone(_ directive: Directive) throws(ConfigurationError) {
        var zone: (name: String, size: Int)?
        var rate = LimitRate(billionths: 1_000_000_000, periodSeconds: 1)
        for argument in directive.arguments.dropFirst() {
            if let value = argument.dropping(prefix: "zone=") {
                zone = try Self.sharedZone(value, argument: argument, directive)
            } else if let value = argument.dropping(prefix: "rate=") {
                guard let parsed = LimitRate(value) else { throw directive.error("invalid rate \"\(argument)\"") }
                rate = parsed
            } else {
                throw directive.invalidParameter(argument)
            }
        }
        guard let zone else { throw directive.error("\"limit_req_zone\" must have \"zone\" parameter") }
        let key = try Template(directive.arguments[0], of: directive, variables)
        try registerZone(zone.name, key: directive.arguments[0], directive)
        http.limitZones.append(LimitZone(name: zone.name, key: key, rate: rate, size: zone.size))
    }

    /// Records a zone. Throws if a zone with this name is already declared.
    mutating func registerZone(_ name: String, key: String, _ directive: Directive) throws(ConfigurationError) {
        guard let known = zones[name] else {
            zones[name] = (directive.name, key)
            return
        }
        throw directive.error(
            known.directive == directive.name
                ? "\(directive.name) \"\(name)\" is already bound to key \"\(known.key)\""
                : "the shared memory zone \"\(name)\" is already declared for a different use")
    }

    static func sharedZone(
        _ value: String, argument: String, _ directive: Directive
    ) throws(ConfigurationError) -> (name: String, size: Int) {
        let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let size = Values.size(String(parts[1])) else {
            throw directive.error("invalid zone size \"\(argument)\"")
        }
        guard size >= 8 * 4096 else { throw directive.error("zone \"\(argument)\" is too small") }
        return (String(parts[0]), size)
    }

    /// `limit_req zone=name [burst=number] [nodelay | delay=number]`
    mutating func limitRule(_ directive: Directive) throws(ConfigurationError) {
        var zone: Int?
        var burst = 0
        var delayAfter: Int? = 0
        for argument in directive.arguments {
            if let name = argument.dropping(prefix: "zone=") {
                zone = http.limitZones.firstIndex { $0.name == name }
                if zone == nil { throw directive.error("zero size shared memory zone \"\(name)\"") }
            } else if let value = argument.dropping(prefix: "burst=") {
                guard let number = Values.number(value), number > 0 else {
                    throw directive.error("invalid burst value \"\(argument)\"")
                }
                burst = number
            } else if let value = argument.dropping(prefix: "delay=") {
                guard let number = Values.number(value), number > 0 else {
                    throw directive.error("invalid delay value \"\(argument)\"")
                }
                delayAfter = number
            } else if argument == "nodelay" {
                delayAfter = nil
            } else {
                throw directive.invalidParameter(argument)
            }
        }
        guard let zone else { throw directive.error("\"limit_req\" must have \"zone\" parameter") }
        if markSeen(directive) { settings.requestLimits.rules = [] }
        if settings.requestLimits.rules.contains(where: { $0.zone == zone }) {
            throw directive.namedError("is duplicate")
        }
        settings.requestLimits.rules.append(LimitRule(zone: zone, burst: burst, delayAfter: delayAfter))
    }
}

extension LimitRate {
    /// Parses `10r/s` and `100r/m`. Unlike nginx, it also accepts up to nine decimals: `0.5r/s`.
    init?(_ text: String) {
        switch text.suffix(3) {
        case "r/s": periodSeconds = 1
        case "r/m": periodSeconds = 60
        default: return nil
        }
        let parts = text.dropLast(3).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : "0"
        guard let whole = Values.number(String(parts[0])), whole <= 1_000_000_000,
            (1...9).contains(decimals.utf8.count),
            let fraction = Values.number(String(decimals) + String(repeating: "0", count: 9 - decimals.utf8.count))
        else { return nil }
        billionths = UInt64(whole) * 1_000_000_000 + UInt64(fraction)
        if billionths == 0 { return nil }
    }
}
