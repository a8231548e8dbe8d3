internal import Logging

/// Formats each log event as one line and passes it to `write`.
struct LineLogHandler: LogHandler {
    let component: String
    let format: Telemetry.LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let write: @Sendable ([UInt8]) -> Void

    init(
        component: String, format: Telemetry.LogFormat, logLevel: Logger.Level,
        write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.component = component
        self.format = format
        self.logLevel = logLevel
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let more = event.metadata { all.merge(more) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        let line = LogLine(
            time: WallClock.now, level: event.level, component: component, message: event.message.description,
            metadata: all)
        write(line.rendered(as: format))
    }
}
