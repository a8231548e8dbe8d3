/// The variables that a configuration itself makes: of each `map`, and of the named groups of its patterns.
///
/// Found before anything is applied, since a variable may be used above the place where it is made.
struct DeclaredVariables {
    private var byName: [String: Variable] = [:]
    private var maps = 0

    init() {}

    init(_ tree: [Directive]) { take(tree) }

    func variable(named name: String) -> Variable? { Variable(name: name) ?? byName[name.lowercased()] }

    private mutating func take(_ tree: [Directive]) {
        for directive in tree {
            if directive.name == "map", directive.arguments.count == 2 {
                byName[directive.arguments[1].dropFirst().lowercased()] = .mapped(maps)
                maps += 1
            } else if ["location", "if", "server_name"].contains(directive.name) {
                for argument in directive.arguments { takeGroups(argument, directive) }
            }
            if directive.name == "map" {
                for entry in directive.block ?? [] { takeGroups(entry.name, entry) }
            } else {
                take(directive.block ?? [])
            }
        }
    }

    private mutating func takeGroups(_ text: String, _ directive: Directive) {
        let pattern = PatternText(text: text, ignoresCase: false, location: directive.location)
        for name in pattern.groupNames { byName[name.lowercased()] = .namedGroup(name) }
    }
}
