/// Turns any text into a valid name by writing `_` for each character that is not allowed.
enum PrometheusName {
    /// Makes a valid metric name: `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func metric(_ name: String) -> String { sanitized(name, allowing: ":") }

    /// Makes a valid label name: `[a-zA-Z_][a-zA-Z0-9_]*`
    static func label(_ name: String) -> String { sanitized(name, allowing: nil) }

    private static func sanitized(_ name: String, allowing extra: Character?) -> String {
        let isAllowed = { (character: Character) in
            character == "_" || character == extra || (character.isASCII && (character.isLetter || character.isNumber))
        }
        let clean = String(name.map { isAllowed($0) ? $0 : "_" })
        return clean.first.map { $0.isNumber ? "_" + clean : clean } ?? "_"
    }
}
