/// `map`: a variable whose value depends on other variables.
package struct VariableMap: Sendable, Hashable {
    package let source: Template
    /// The results for exact values of `source`. The keys are in lower case.
    package internal(set) var exact: [[UInt8]: Template] = [:]
    /// The regular expressions, which are tried in this order if `exact` has no entry for the value.
    package internal(set) var patterns: [PatternEntry] = []
    /// `default`
    package internal(set) var fallback = Template(parts: [])

    package struct PatternEntry: Sendable, Hashable {
        /// Index into `HTTPConfiguration.patterns`.
        package let pattern: Int
        package let value: Template
    }
}
