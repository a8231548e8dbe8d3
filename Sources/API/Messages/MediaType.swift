enum MediaType {
    static let json = "application/json"
    static let problem = "application/problem+json"
    /// Version 0.0.4 of the Prometheus text format.
    static let metrics = "text/plain; version=0.0.4; charset=utf-8"
}

/// The text without leading and trailing spaces and tabs (RFC 9110, section 5.6.3: OWS).
func trimmed(_ text: some StringProtocol) -> String {
    let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let first = text.firstIndex(where: { !blank($0) }), let last = text.lastIndex(where: { !blank($0) }) else {
        return ""
    }
    return String(text[first...last])
}
