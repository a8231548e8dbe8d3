extension Template {
    /// Parses `$name` and `${name}`.
    /// - Throws: nginx's complaint, about a name that is no variable among others.
    init(_ text: String, of directive: Directive, _ variables: DeclaredVariables) throws(ConfigurationError) {
        var parts: [Part] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "$") else {
                literal.append(byte)
                continue
            }
            let hasBraces = rest.first == UInt8(ascii: "{")
            if hasBraces { rest = rest.dropFirst() }
            let bytes = rest.prefix(while: Self.isNameByte)
            rest = rest.dropFirst(bytes.count)
            let name = String(decoding: bytes, as: UTF8.self)
            if hasBraces, rest.popFirst() != UInt8(ascii: "}") {
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
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
