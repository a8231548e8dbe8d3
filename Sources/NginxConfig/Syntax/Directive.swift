/// One statement of the configuration. The parser has checked that it is allowed in its context.
struct Directive: Sendable {
    let name: String
    let arguments: [String]
    /// Its row in the directive table.
    let rule: DirectiveRule
    /// The place of its `;` or `{`.
    let location: SourceLocation
    /// The statements inside its `{` and `}`; nil for a statement that ends in `;`.
    var block: [Directive]?
    /// The place of its `}`; nil if the parser failed before it.
    var blockEnd: SourceLocation?

    func error(_ message: String) -> ConfigurationError {
        ConfigurationError(message, at: location)
    }

    /// An error that begins with the name of the directive: `"listen" directive is duplicate`.
    func namedError(_ complaint: String) -> ConfigurationError {
        error("\"\(name)\" directive \(complaint)")
    }

    func invalidParameter(_ parameter: String) -> ConfigurationError {
        error("invalid parameter \"\(parameter)\"")
    }
}

extension String {
    /// The part after `prefix`: `99` for `burst=99` and the prefix `burst=`; nil if the string has another prefix.
    func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
