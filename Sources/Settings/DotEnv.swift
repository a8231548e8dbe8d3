/// The variables of a `.env` file: lines of `NAME=value`, as `docker compose` reads them.
///
/// - `#` begins a comment at the start of a line, and after white space in an unquoted value.
/// - `'…'` has no escapes. In `"…"`, the escapes are `\n`, `\"`, `\\` and `\$`.
/// - `export ` before a name is ignored. Variables in values are not expanded.
package struct DotEnv: Sendable, Equatable {
    package let variables: [String: String]

    /// - Parameter name: the file's name for error messages.
    package init(parsing text: String, name: String = ".env") throws(SettingsError) {
        var variables: [String: String] = [:]
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            var rest = line.drop { $0.isWhitespace }
            if rest.isEmpty || rest.first == "#" { continue }
            if rest.hasPrefix("export ") { rest = rest.dropFirst(7).drop { $0.isWhitespace } }
            guard let equals = rest.firstIndex(of: "="), Self.isName(rest[..<equals]) else {
                throw SettingsError("\(name):\(index + 1): this line is not NAME=value", .configuration)
            }
            let variable = String(rest[..<equals])
            guard let value = Self.value(rest[rest.index(after: equals)...].drop { $0.isWhitespace }) else {
                throw SettingsError(
                    "\(name):\(index + 1): the value of \(variable) does not end with its quote", .configuration)
            }
            variables[variable] = value
        }
        self.variables = variables
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.first, !first.isNumber else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// `nil` if the closing quote is missing, or if it is followed by something other than a comment.
    private static func value(_ text: Substring) -> String? {
        guard let quote = text.first, quote == "'" || quote == "\"" else { return unquoted(text) }
        var value = ""
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            if character == quote {
                rest = rest.drop { $0.isWhitespace }
                return rest.isEmpty || rest.first == "#" ? value : nil
            }
            guard quote == "\"", character == "\\", let next = rest.popFirst() else {
                value.append(character)
                continue
            }
            switch next {
            case "n": value.append("\n")
            case "\"", "\\", "$": value.append(next)
            default: value += ["\\", next]
            }
        }
        return nil
    }

    private static func unquoted(_ text: Substring) -> String {
        var value = ""
        for character in text {
            if character == "#", value.last?.isWhitespace ?? true { break }
            value.append(character)
        }
        while value.last?.isWhitespace == true { value.removeLast() }
        return value
    }
}
