internal import Bytes

extension Template {
    /// Parses a text with `$name` and `${name}`.
    /// - Throws: nginx's message, for example for an unknown variable
    init(_ text: String, of directive: Directive, _ variables: DeclaredVariables) throws(ConfigurationError) {
        var parts: [Part] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == ASCII.dollar else {
                literal.append(byte)
                continue
            }
            let hasBraces = rest.first == ASCII.leftBrace
            if hasBraces { rest = rest.dropFirst() }
            let bytes = rest.prefix(while: Self.isNameByte)
            rest = rest.dropFirst(bytes.count)
            let name = String(decoding: bytes, as: UTF8.self)
            if hasBraces, rest.popFirst() != ASCII.rightBrace {
                throw directive.error("the closing bracket in \"\(name)\" variable is missing")
            }
            if name.isEmpty { throw directive.error("invalid variable name") }
            guard let variable = variables.variable(named: name) else {
                throw directive.error("unknown \"\(name)\" variable")
            }
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
            parts.append(.variable(variable))
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.init(parts: parts)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == ASCII.underscore
    }
}
