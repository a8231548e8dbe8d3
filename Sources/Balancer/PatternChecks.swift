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
    }
}

extension Pattern {
    convenience init(_ text: PatternText) throws(PatternError) {
        try self.init(text.text, ignoringCase: text.ignoresCase)
    }
}
