extension DirectiveTable {
    /// The load balancing methods: ngx_http_upstream_{least_conn,ip_hash,hash,random}_module, and nginx Plus's
    /// `least_time`.
    static let balancingRules: [DirectiveRule] = [
        DirectiveRule("least_conn", in: .upstream, arguments: 0...0) {
            (directive, builder) throws(ConfigurationError) in builder.setMethod(.leastConnections, directive)
        },
        DirectiveRule("ip_hash", in: .upstream, arguments: 0...0) {
            (directive, builder) throws(ConfigurationError) in builder.setMethod(.addressHash, directive)
        },
        DirectiveRule("hash", in: .upstream, arguments: 1...2) {
            (directive, builder) throws(ConfigurationError) in
            let key = try Template(directive.arguments[0], of: directive, builder.variables)
            let isConsistent = directive.arguments.count == 2
            if isConsistent, directive.arguments[1] != "consistent" {
                throw directive.invalidParameter(directive.arguments[1])
            }
            builder.setMethod(isConsistent ? .consistentHash(key) : .hash(key), directive)
        },
        DirectiveRule("random", in: .upstream, arguments: 0...2) {
            (directive, builder) throws(ConfigurationError) in
            let words = directive.arguments
            if let first = words.first, first != "two" { throw directive.invalidParameter(first) }
            if words.count == 2, words[1] != "least_conn" { throw directive.invalidParameter(words[1]) }
            builder.setMethod(words.isEmpty ? .random : .randomTwo, directive)
        },
        DirectiveRule("least_time", in: .upstream, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            switch directive.arguments[0] {
            case "header": builder.setMethod(.leastTimeToHead, directive)
            case "last_byte": builder.setMethod(.leastTimeToEnd, directive)
            default: throw directive.invalidParameter(directive.arguments[0])
            }
        },
    ]
}

extension Builder {
    fileprivate mutating func setMethod(_ method: Upstream.Method, _ directive: Directive) {
        if !markSeen(directive, group: "load balancing method") {
            warn("load balancing method redefined", at: directive.location)
        }
        upstream?.method = method
    }
}

extension Upstream.Method {
    /// Whether a `server` may have the parameter with this method. As in nginx, a method directive that stands after
    /// the `server` is not considered.
    func supports(_ parameter: String) -> Bool {
        switch self {
        case .roundRobin, .leastConnections, .leastTimeToHead, .leastTimeToEnd: true
        case .random, .randomTwo, .addressHash, .hash, .consistentHash:
            parameter != "backup" && !parameter.hasPrefix("slow_start=")
        }
    }
}
