/// All directives. To add a directive, add a row to the list of its module. If the directive sets a value, also add a
/// field to the model.
enum DirectiveTable {
    /// Why a statement is not allowed, in nginx's wording.
    struct Refusal: Error {
        let message: String
    }

    static let rules: [DirectiveRule] = [
        coreRules, httpRules, mapRules, contentRules, responseRules, accessRules, upstreamRules, resolverRules,
        balancingRules, fastCGIRules, requestLimitRules, connectionLimitRules, realIPRules, logRules, healthCheckRules,
        outlierDetectionRules,
        ignoredRules,
    ].flatMap { $0 }

    /// A line in a block of entries. The directive of the block interprets it.
    private static let entry = DirectiveRule("", in: .entries, arguments: .atLeast(0)) {
        (_, _) throws(ConfigurationError) in
    }

    private static let byName = Dictionary(grouping: rules, by: \.name)

    /// Finds the row for a statement. The checks and their order are those of `ngx_conf_handler`.
    static func rule(
        for name: String, in context: Contexts, argumentCount: Int, isBlock: Bool
    ) throws(Refusal) -> DirectiveRule {
        if context == .entries, name != "include" || argumentCount != 1 {
            if isBlock { throw Refusal(message: "unexpected \"{\"") }
            return entry
        }
        guard let rows = byName[name] else {
            throw Refusal(
                message: UnsupportedDirectives.names.contains(name)
                    ? "directive \"\(name)\" is not supported" : "unknown directive \"\(name)\"")
        }
        guard let rule = rows.first(where: { !$0.contexts.isDisjoint(with: context) }) else {
            // nginx treats an "if" inside a location as a nested location, and allows many directives of locations in
            // it. So for these directives, the message is "not supported", not "not allowed".
            let isForLocations = context == .conditional && rows.contains { $0.contexts.contains(.location) }
            throw Refusal(
                message: isForLocations
                    ? "\"\(name)\" in \"if\" is not supported" : "\"\(name)\" directive is not allowed here")
        }
        if rule.opens == nil, isBlock {
            throw Refusal(message: "directive \"\(name)\" is not terminated by \";\"")
        }
        if rule.opens != nil, !isBlock {
            throw Refusal(message: "directive \"\(name)\" has no opening \"{\"")
        }
        guard rule.arguments.contains(argumentCount) else {
            throw Refusal(message: "invalid number of arguments in \"\(name)\" directive")
        }
        return rule
    }
}
