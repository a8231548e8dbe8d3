extension JSON {
    /// Whether a `Content-Type` is JSON in UTF-8: `application/json`, or a type with the suffix `+json` (RFC 6839).
    package static func isMediaType(_ field: String) -> Bool {
        // A shortcut for the most frequent value.
        if field == "application/json" { return true }
        let parts = field.lowercased().split(separator: ";", omittingEmptySubsequences: false)
            // Each part may have white space around it.
            .map { $0.split { $0 == " " || $0 == "\t" }.joined(separator: " ") }
        guard let type = parts.first else { return false }
        guard type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json")) else {
            return false
        }
        return parts.dropFirst().allSatisfy { parameter in
            guard parameter.hasPrefix("charset=") else { return true }
            return ["charset=utf-8", "charset=\"utf-8\"", "charset=utf8"].contains(parameter)
        }
    }
}
