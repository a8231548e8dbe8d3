internal import NginxConfig
internal import Patterns

extension NginxConfiguration {
    /// nginx's complaint about the first pattern that is none.
    func checkPatterns() throws(ConfigurationError) {
        for pattern in http?.patterns ?? [] {
            do throws(PatternError) {
                _ = try Pattern(pattern)
            } catch {
                throw ConfigurationError("\(error)", at: pattern.location)
            }
        }
        for location in http?.servers.flatMap(\.locations) ?? [] {
            guard let index = location.settings.splitPathInfo, let text = http?.patterns[index],
                let pattern = try? Pattern(text), pattern.groupCount < 2
            else { continue }
            throw ConfigurationError("pattern \"\(text.text)\" must have 2 captures", at: text.location)
        }
    }
}

extension Pattern {
    convenience init(_ text: PatternText) throws(PatternError) {
        try self.init(text.text, ignoringCase: text.ignoresCase)
    }
}
