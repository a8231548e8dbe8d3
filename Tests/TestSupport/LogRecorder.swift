package import Logging
internal import Threading

/// Collects the messages of a logger.
package final class LogRecorder: Sendable {
    private let lines = Monitor<[(message: String, metadata: Logger.Metadata)]>([])

    package init() {}

    package var messages: [String] { lines.withLock { $0.map { $0.message } } }

    /// The messages with their metadata, sorted by name: `Task failed attempt=1 task.type=md5`.
    package var texts: [String] {
        lines.withLock { $0 }.map { line in
            ([line.message] + line.metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
                .joined(separator: " ")
        }
    }

    package var logger: Logger { Logger(label: "recorded") { [lines] _ in Handler(lines: lines) } }

    private struct Handler: LogHandler {
        let lines: Monitor<[(message: String, metadata: Logger.Metadata)]>
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            lines.withLock { $0.append(("\(event.message)", all)) }
        }
    }
}
