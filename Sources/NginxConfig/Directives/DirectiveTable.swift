/// Every directive there is. To add one, add its row to the list it belongs to (and, where it sets a value, the
/// value to the model).
enum DirectiveTable {
    /// Why a statement is not allowed, in nginx's words.
    struct Refusal: Error {
        let message: String
    }

    static let rules: [DirectiveRule] = [
        coreRules, httpRules, mapRules, contentRules, responseRules, accessRules, upstreamRules, resolverRules,
        balancingRules, fastCGIRules, requestLimitRules, connectionLimitRules, realIPRules, logRules, healthRules,
        ignoredRules,
    ].flatMap { $0 }

    /// A line of a block of entries: what it means is the block's affair.
    private static let entry = DirectiveRule("", in: .entries, arguments: .atLeast(0)) {
        (_, _) throws(ConfigurationError) in
    }

    private static let byName = Dictionary(grouping: rules, by: \.name)

    /// The row for a statement; the checks and their order are `ngx_conf_handler`'s.
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
            // nginx makes a location of an "if" in one.
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
