internal import Bytes

/// The query of a URL as `application/x-www-form-urlencoded` pairs (WHATWG URL, section 5.1).
struct Query: Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    /// The value of the first parameter with that name; `nil` if there is none. A malformed value counts as an empty
    /// string.
    func value(_ name: String) -> String? {
        guard !text.isEmpty else { return nil }
        for pair in text.utf8.split(separator: ASCII.ampersand) {
            let parts = pair.split(separator: ASCII.equals, maxSplits: 1, omittingEmptySubsequences: false)
            if Self.decoded(parts[0]) == name { return parts.count > 1 ? Self.decoded(parts[1]) ?? "" : "" }
        }
        return nil
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        PercentCoding.decode(text, plusIsSpace: true).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
