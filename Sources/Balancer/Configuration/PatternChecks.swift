internal import NginxConfig
internal import Patterns

extension NginxConfiguration {
    /// Throws nginx's error for the first regular expression that does not compile, and for the first
    /// `fastcgi_split_path_info` with fewer than two captures.
    func checkPatterns() throws(ConfigurationError) {
        for pattern in http?.patterns ?? [] {
            do throws(PatternError) {
                _ = try Pattern(pattern)
            } catch {
                throw ConfigurationError("\(error)", at: pattern.location)
            }
        }
        for location in http?.servers.flatMap(\.locations) ?? [] {
            guard let index = location.settings.fastCGI.splitPathInfo, let text = http?.patterns[index],
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
