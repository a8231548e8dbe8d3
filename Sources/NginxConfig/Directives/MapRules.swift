extension DirectiveTable {
    /// ngx_http_map_module.
    static let mapRules: [DirectiveRule] = [
        DirectiveRule("map", in: .http, arguments: 2...2, order: .definition, opens: .entries) {
            (directive, builder) throws(ConfigurationError) in try builder.map(directive)
        }
    ]
}

extension Builder {
    /// `map string $variable { value result; ~pattern result; default result; }`
    fileprivate mutating func map(_ directive: Directive) throws(ConfigurationError) {
        let name = directive.arguments[1]
        guard name.hasPrefix("$"), name.utf8.count > 1 else {
            throw directive.error("invalid variable name \"\(name)\"")
        }
        if Variable(name: String(name.dropFirst())) != nil {
            throw directive.error("the duplicate \"\(name.dropFirst())\" variable")
        }
        var map = VariableMap(source: try Template(directive.arguments[0], of: directive, variables))
        var hasDefault = false
        for entry in directive.block ?? [] {
            if entry.name == "hostnames" || entry.name == "volatile", entry.arguments.isEmpty {
                // Values are never cached, which is what "volatile" requires.
                if entry.name == "volatile" { continue }
                throw entry.error("\"hostnames\" in \"map\" is not supported")
            }
            guard entry.arguments.count == 1 else { throw entry.error("invalid number of the map parameters") }
            let value = try Template(entry.arguments[0], of: entry, variables)
            if entry.name == "default" {
                if hasDefault { throw entry.error("duplicate default map parameter") }
                hasDefault = true
                map.fallback = value
            } else if entry.name.hasPrefix("~") {
                let ignoresCase = entry.name.hasPrefix("~*")
                let pattern = pattern(
                    String(entry.name.dropFirst(ignoresCase ? 2 : 1)), ignoresCase: ignoresCase, entry)
                map.patterns.append(VariableMap.PatternEntry(pattern: pattern, value: value))
            } else {
                // A backslash at the start makes a keyword an ordinary value: `\default`.
                let text = entry.name.hasPrefix("\\") ? String(entry.name.dropFirst()) : entry.name
                guard map.exact.updateValue(value, forKey: Array(text.lowercased().utf8)) == nil else {
                    throw entry.error("conflicting parameter \"\(text.lowercased())\"")
                }
            }
        }
        http.maps.append(map)
    }
}
