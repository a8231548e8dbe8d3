/// A place in the configuration.
///
/// `line` is the line of the directive's `;` or `{`, as in nginx: for a `log_format` of five lines, this is the last
/// line.
package struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// The path as it was opened; nil for directives from the command line (`-g`).
    package let file: String?
    /// The number of the line, from 1.
    package let line: Int

    package init(file: String?, line: Int) {
        self.file = file
        self.line = line
    }

    package var description: String {
        file.map { "\($0):\(line)" } ?? "command line"
    }
}

/// The only error type of this target: a message in nginx's wording, and the place of the error.
///
/// `description` is the text that nginx prints after `[emerg] `.
package struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    package let message: String
    package let location: SourceLocation?

    package init(_ message: String, at location: SourceLocation? = nil) {
        self.message = message
        self.location = location
    }

    package var description: String {
        location.map { "\(message) in \($0)" } ?? message
    }
}
