/// Where in the configuration something stands.
///
/// `line` is the line of the directive's `;` or `{`, which is what nginx reports: a `log_format` over five
/// lines is known by its last.
package struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// The path as it was opened; nil for directives given on the command line (`-g`).
    package let file: String?
    /// Counted from 1.
    package let line: Int

    package init(file: String?, line: Int) {
        self.file = file
        self.line = line
    }

    package var description: String {
        file.map { "\($0):\(line)" } ?? "command line"
    }
}

/// The one error of this target: nginx's message and where it applies.
///
/// `description` is what follows `[emerg] ` in nginx's own output.
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
