/// `log_format`
package struct LogFormat: Sendable, Hashable {
    /// `escape=`: how the bytes of a variable are escaped.
    package enum Escape: String, Sendable, Hashable {
        /// `"`, `\` and bytes outside 32…126 become `\xXX`. An empty value becomes `-`.
        case standard = "default"
        /// Bytes are escaped as in a JSON string.
        case json = "json"
        case none = "none"
    }

    package let name: String
    package let escape: Escape
    package let template: Template
}

/// `access_log`, except `off`.
package struct AccessLog: Sendable, Hashable {
    /// The path of the file. It is absolute, unless the prefix is relative.
    package let path: String
    package let format: LogFormat
    /// `buffer=`: how many bytes are buffered before a write; nil if the directive has no `buffer=`.
    package let bufferSize: Int?
    /// `flush=`: the maximum time that a line stays in the buffer.
    package let flushInterval: Duration?
}

/// `error_log`
package struct ErrorLog: Sendable, Hashable {
    package enum Destination: Sendable, Hashable {
        case standardError
        case file(path: String)
    }

    /// nginx's log levels, from the least to the most severe.
    package enum Level: String, Sendable, Hashable, CaseIterable {
        case debug, info, notice, warn, error, crit, alert, emerg
    }

    package let destination: Destination
    package let level: Level
}
