/// How long a client wants to wait for a result.
struct Wait: Sendable, Hashable {
    /// Whole seconds that a client may request.
    static let bounds = 0...60

    var seconds: Int

    var duration: Duration { .seconds(seconds) }

    /// The value of `Preference-Applied` if the server waited (RFC 7240, section 3).
    var applied: String { "wait=\(seconds)" }

    /// Reads `?wait=N`; if the query has no `wait`, reads `Prefer: wait=N`. `nil` if the client does not want to wait.
    ///
    /// A query parameter out of bounds is an error. A preference is only a hint: a value that is too large is reduced,
    /// and a malformed one is ignored (RFC 7240, section 2).
    init?(_ request: APIRequest) throws(Problem) {
        if let text = request.query.value("wait") {
            guard let seconds = Int(text), Self.bounds.contains(seconds) else {
                throw .invalid(
                    member: "wait", "must be a whole number of seconds from 0 to \(Self.bounds.upperBound)")
            }
            self.seconds = seconds
        } else if let seconds = request.prefer.flatMap(Self.preferred) {
            self.seconds = min(seconds, Self.bounds.upperBound)
        } else {
            return nil
        }
        if seconds == 0 { return nil }
    }

    /// The value of the first preference named `wait`.
    static func preferred(_ field: String) -> Int? {
        for preference in field.split(separator: ",") {
            let word = preference.prefix { $0 != ";" }
            let parts = word.split(separator: "=", maxSplits: 1).map(trimmed)
            guard parts.count == 2, parts[0].lowercased() == "wait" else { continue }
            let digits = parts[1].filter { $0 != "\"" }
            guard !digits.isEmpty, digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
                return nil
            }
            return Int(digits) ?? bounds.upperBound
        }
        return nil
    }
}
