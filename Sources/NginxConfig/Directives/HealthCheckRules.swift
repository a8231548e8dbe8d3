internal import Bytes

extension DirectiveTable {
    /// nginx Plus's `health_check` and `match` (ngx_http_upstream_hc_module).
    static let healthCheckRules: [DirectiveRule] = [
        DirectiveRule("match", in: .http, arguments: 1...1, order: .definition, opens: .entries) {
            (directive, builder) throws(ConfigurationError) in try builder.responseMatch(directive)
        },
        DirectiveRule("health_check", in: .location, arguments: .atLeast(0)) {
            (directive, builder) throws(ConfigurationError) in try builder.healthCheck(directive)
        },
    ]
}

extension Builder {
    /// `health_check [interval=time] [jitter=time] [fails=n] [passes=n] [uri=uri] [mandatory [persistent]]
    /// [match=name]`
    fileprivate mutating func healthCheck(_ directive: Directive) throws(ConfigurationError) {
        try rejectDuplicate(directive)
        var check = HealthCheck(location: directive.location)
        for argument in directive.arguments {
            switch argument {
            case "mandatory":
                check.isMandatory = true
                continue
            // `persistent` has no effect: a reload always keeps the state of a peer.
            case "persistent" where check.isMandatory: continue
            default: break
            }
            for name in ["port", "type", "grpc_service", "grpc_status", "keepalive_time"]
            where argument.hasPrefix(name + "=") {
                throw directive.error("parameter \"\(name)\" of \"health_check\" is not supported")
            }
            if let name = argument.dropping(prefix: "match=") {
                guard let match = matches[name] else { throw directive.error("unknown match \"\(name)\"") }
                check.match = match
            } else if !check.apply(parameter: argument) {
                throw directive.invalidParameter(argument)
            }
        }
        settings.healthCheck = check
    }

    /// `match name { status …; header …; body …; }`
    fileprivate mutating func responseMatch(_ directive: Directive) throws(ConfigurationError) {
        let name = directive.arguments[0]
        if matches[name] != nil { throw directive.error("duplicate match \"\(name)\"") }
        var match = ResponseMatch(name: name)
        for entry in directive.block ?? [] {
            switch entry.name {
            case "status":
                if match.status != nil { throw entry.namedError("is duplicate") }
                match.status = try status(entry)
            case "header": match.headers.append(try header(entry))
            case "body": match.bodies.append(try body(entry))
            case "require": throw entry.error("\"require\" in \"match\" is not supported")
            default: throw entry.error("unknown directive \"\(entry.name)\"")
            }
        }
        matches[name] = match
    }

    /// `status 200; status ! 500; status 200-399 404;`
    private func status(_ entry: Directive) throws(ConfigurationError) -> ResponseMatch.Status {
        let isNegated = entry.arguments.first == "!"
        var ranges: [ClosedRange<Int>] = []
        for word in entry.arguments.dropFirst(isNegated ? 1 : 0) {
            let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { Values.number(String($0)) }
            guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last,
                (100...599).contains(first), (100...599).contains(last)
            else { throw entry.error("invalid status \"\(word)\"") }
            ranges.append(first...last)
        }
        if ranges.isEmpty { throw entry.error("invalid number of arguments in \"status\" directive") }
        return ResponseMatch.Status(ranges: ranges, isNegated: isNegated)
    }

    /// `header Name; header ! Name; header Name = value; header Name != value; header Name ~ pattern; header Name !~
    /// pattern;`
    private mutating func header(_ entry: Directive) throws(ConfigurationError) -> ResponseMatch.Header {
        let words = entry.arguments
        if words.count == 1 { return .init(name: words[0].lowercased(), test: .exists, isNegated: false) }
        if words.count == 2, words[0] == "!" {
            return .init(name: words[1].lowercased(), test: .exists, isNegated: true)
        }
        guard words.count == 3 else { throw entry.error("invalid number of arguments in \"header\" directive") }
        let name = words[0].lowercased()
        switch words[1] {
        case "=", "!=": return .init(name: name, test: .equals(words[2]), isNegated: words[1] == "!=")
        case "~", "!~":
            let pattern = pattern(words[2], ignoresCase: false, entry)
            return .init(name: name, test: .matches(pattern), isNegated: words[1] == "!~")
        default: throw entry.error("invalid operator \"\(words[1])\"")
        }
    }

    /// `body ~ pattern; body !~ pattern;`
    private mutating func body(_ entry: Directive) throws(ConfigurationError) -> ResponseMatch.Body {
        let words = entry.arguments
        guard words.count == 2 else { throw entry.error("invalid number of arguments in \"body\" directive") }
        guard ["~", "!~"].contains(words[0]) else { throw entry.error("invalid operator \"\(words[0])\"") }
        return .init(pattern: pattern(words[1], ignoresCase: false, entry), isNegated: words[0] == "!~")
    }
}

extension HealthCheck {
    /// - Returns: false if the parameter is unknown or its value is invalid
    fileprivate mutating func apply(parameter: String) -> Bool {
        if let value = parameter.dropping(prefix: "interval=") {
            guard let time = Values.time(value, unit: .milliseconds), time > .zero else { return false }
            interval = time
        } else if let value = parameter.dropping(prefix: "jitter=") {
            guard let time = Values.time(value, unit: .milliseconds) else { return false }
            jitter = time
        } else if let value = parameter.dropping(prefix: "fails=") {
            guard let number = Values.number(value), number > 0 else { return false }
            fails = number
        } else if let value = parameter.dropping(prefix: "passes=") {
            guard let number = Values.number(value), number > 0 else { return false }
            passes = number
        } else if let value = parameter.dropping(prefix: "uri=") {
            guard value.hasPrefix("/"), value.utf8.allSatisfy(\.isVisible) else { return false }
            uri = value
        } else {
            return false
        }
        return true
    }
}
