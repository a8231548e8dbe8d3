extension Builder {
    mutating func openLocation(_ directive: Directive) throws(ConfigurationError) {
        let match = try locationMatch(directive)
        try checkNesting(match, directive)
        if case .named(let name) = match, server?.server.location(named: name) != nil {
            throw directive.error("duplicate location \"\(name)\"")
        }
        guard let outerTable = server?.server.table, let index = server?.server.locations.count else { return }
        let outer = settings
        settings.upstream.pass = nil
        settings.healthCheck = nil
        settings.isInternal = false
        settings.content = .files
        settings.files.tryFiles = nil
        settings.rewriteSteps = []
        server?.server.locations.append(Location(match: match, settings: settings))
        server?.server.table = LocationTable()
        server?.enclosing.append(match)
        try apply(directive.block ?? [])
        let nested = server?.server.table ?? LocationTable()
        server?.enclosing.removeLast()
        server?.server.table = outerTable
        if let check = settings.healthCheck, settings.upstream.pass == nil {
            throw ConfigurationError("\"health_check\" needs a \"fastcgi_pass\" in its location", at: check.location)
        }
        server?.server.locations[index].settings = settings
        settings = outer
        if server?.server.table.insert(match, location: index, nested: nested) == false {
            throw directive.error("duplicate location \"\(match.path)\"")
        }
    }

    /// Parses `location [= | ^~ | ~ | ~*] path`. The space after the modifier is optional.
    private mutating func locationMatch(_ directive: Directive) throws(ConfigurationError) -> Location.Match {
        let arguments = directive.arguments
        var (modifier, path) = arguments.count == 2 ? (arguments[0], arguments[1]) : ("", arguments[0])
        if arguments.count == 1, let found = ["=", "^~", "~*", "~"].first(where: { path.hasPrefix($0) }) {
            modifier = found
            path = String(path.dropFirst(found.count))
        }
        switch modifier {
        case "" where path.hasPrefix("@"): return .named(path)
        case "": return .prefix(path)
        case "=": return .exact(path)
        case "^~": return .finalPrefix(path)
        case "~", "~*":
            return .pattern(path, index: pattern(path, ignoresCase: modifier == "~*", directive))
        default:
            throw directive.error("invalid location modifier \"\(modifier)\"")
        }
    }

    private func checkNesting(_ match: Location.Match, _ directive: Directive) throws(ConfigurationError) {
        guard let outer = server?.enclosing.last else { return }
        if case .named = outer {
            throw directive.error("location \"\(match.path)\" cannot be inside the named location \"\(outer.path)\"")
        }
        if case .named = match {
            throw directive.error("named location \"\(match.path)\" can be on the server level only")
        }
        if case .exact = outer {
            throw directive.error("location \"\(match.path)\" cannot be inside the exact location \"\(outer.path)\"")
        }
        // Nothing to check: it is unknown which paths the outer regular expression matches.
        if case .pattern = outer { return }
        if case .pattern = match { return }
        if !match.path.hasPrefix(outer.path) {
            throw directive.error("location \"\(match.path)\" is outside location \"\(outer.path)\"")
        }
    }
}

extension Location.Match {
    /// The path or regular expression of the `location`; empty for the server itself.
    package var path: String {
        switch self {
        case .server: ""
        case .exact(let path), .prefix(let path), .finalPrefix(let path), .named(let path), .pattern(let path, _): path
        }
    }
}
