/// One statement of the configuration, known to be allowed where it stands.
struct Directive: Sendable {
    let name: String
    let arguments: [String]
    /// What its row in the table says.
    let rule: DirectiveRule
    /// The place of its `;` or `{`.
    let location: SourceLocation
    /// nil for one that ends in `;`.
    var block: [Directive]?
    /// The place of its `}`; nil while that has not been reached.
    var blockEnd: SourceLocation?

    func error(_ message: String) -> ConfigurationError {
        ConfigurationError(message, at: location)
    }

    /// nginx's way to name the directive in a complaint: `"listen" directive is duplicate`.
    func namedError(_ complaint: String) -> ConfigurationError {
        error("\"\(name)\" directive \(complaint)")
    }

    func invalidParameter(_ parameter: String) -> ConfigurationError {
        error("invalid parameter \"\(parameter)\"")
    }
}

extension String {
    /// The rest after `prefix`, as in `burst=99`; nil without it.
    func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
