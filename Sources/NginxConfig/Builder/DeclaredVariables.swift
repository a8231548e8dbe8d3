/// The variables that the configuration itself declares: by a `map`, or by a named group of a regular expression.
///
/// They are collected before any directive is applied, because a variable may be used before its declaration.
struct DeclaredVariables {
    private var byName: [String: Variable] = [:]
    private var maps = 0

    init() {}

    init(_ tree: [Directive]) { collect(tree) }

    func variable(named name: String) -> Variable? { Variable(name: name) ?? byName[name.lowercased()] }

    private mutating func collect(_ tree: [Directive]) {
        for directive in tree {
            if directive.name == "map", directive.arguments.count == 2 {
                byName[directive.arguments[1].dropFirst().lowercased()] = .mapped(maps)
                maps += 1
            } else if ["location", "if", "server_name"].contains(directive.name) {
                for argument in directive.arguments { collectGroups(argument, directive) }
            }
            if directive.name == "map" {
                for entry in directive.block ?? [] { collectGroups(entry.name, entry) }
            } else {
                collect(directive.block ?? [])
            }
        }
    }

    private mutating func collectGroups(_ text: String, _ directive: Directive) {
        let pattern = PatternText(text: text, ignoresCase: false, location: directive.location)
        for name in pattern.groupNames { byName[name.lowercased()] = .namedGroup(name) }
    }
}
