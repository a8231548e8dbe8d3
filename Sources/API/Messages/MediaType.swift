enum MediaType {
    static let json = "application/json"
    static let problem = "application/problem+json"
    /// Version 0.0.4 of Prometheus' text format.
    static let metrics = "text/plain; version=0.0.4; charset=utf-8"

    /// Whether a `Content-Type` names JSON: `application/json` or a type with the suffix `+json` (RFC 6839), in UTF-8.
    static func isJSON(_ field: String) -> Bool {
        let parts = field.lowercased().split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
        guard let type = parts.first else { return false }
        guard type == json || (type.hasPrefix("application/") && type.hasSuffix("+json")) else { return false }
        return parts.dropFirst().allSatisfy { parameter in
            guard parameter.hasPrefix("charset=") else { return true }
            return ["charset=utf-8", "charset=\"utf-8\"", "charset=utf8"].contains(parameter)
        }
    }
}

/// Without the spaces and tabs at both ends.
func trimmed(_ text: some StringProtocol) -> String {
    let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let first = text.firstIndex(where: { !blank($0) }), let last = text.lastIndex(where: { !blank($0) }) else {
        return ""
    }
    return String(text[first...last])
}
