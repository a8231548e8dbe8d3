package import Logging
internal import Threading

/// Collects the messages of a logger.
package final class LogRecorder: Sendable {
    private let lines = Monitor<[String]>([])

    package init() {}

    package var messages: [String] { lines.withLock { $0 } }

    package var logger: Logger { Logger(label: "recorded") { [lines] _ in Handler(lines: lines) } }

    private struct Handler: LogHandler {
        let lines: Monitor<[String]>
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.withLock { $0.append("\(event.message)") } }
    }
}
