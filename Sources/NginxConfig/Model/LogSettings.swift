/// `log_format`.
package struct LogFormat: Sendable, Hashable {
    /// How a variable's bytes are written.
    package enum Escape: String, Sendable, Hashable {
        /// `"`, `\` and bytes outside 32…126 as `\xXX`; an absent value as `-`.
        case standard = "default"
        /// As JSON's strings want it.
        case json = "json"
        case none = "none"
    }

    package let name: String
    package let escape: Escape
    package let template: Template
}

/// `access_log` other than `off`.
package struct AccessLog: Sendable, Hashable {
    /// Absolute unless the prefix was relative.
    package let path: String
    package let format: LogFormat
    /// Bytes to gather before a write; nil writes each line at once.
    package let bufferSize: Int?
    /// The longest time a line may stay in the buffer.
    package let flushInterval: Duration?
}

/// `error_log`.
package struct ErrorLog: Sendable, Hashable {
    package enum Destination: Sendable, Hashable {
        case standardError
        case file(path: String)
    }

    /// nginx's severities, from chatty to terse.
    package enum Level: String, Sendable, Hashable, CaseIterable {
        case debug, info, notice, warn, error, crit, alert, emerg
    }

    package let destination: Destination
    package let level: Level
}
