internal import CoreMetrics
package import Logging
internal import Synchronization

/// Logging and metrics of a process: swift-log to stderr, swift-metrics to Prometheus's text format.
package enum Telemetry {
    package enum LogFormat: String, Sendable, CaseIterable {
        /// For people: `2026-11-23T21:02:11.123456Z info worker-1: Message key=value`.
        case text
        /// For programs: one object a line with `ts`, `level`, `component`, `msg` and `metadata`.
        case json
    }

    private static let registry = MetricRegistry()
    private static let isBootstrapped = Mutex(false)

    /// Sets up the logging and the metrics of this process. Loggers and metrics made earlier stay mute, so it is the
    /// first thing to be called; a second call changes nothing.
    /// - Parameters:
    ///   - component: which process of the system this is (`worker-1`).
    ///   - level: what new loggers log, unless they are told otherwise.
    package static func bootstrap(component: String, level: Logger.Level, format: LogFormat) {
        let isFirst = isBootstrapped.withLock { done in
            defer { done = true }
            return !done
        }
        guard isFirst else { return }
        LoggingSystem.bootstrap { _ in
            LineLogHandler(component: component, format: format, logLevel: level) { StandardError.write($0) }
        }
        MetricsSystem.bootstrap(PrometheusFactory(registry: registry))
    }

    /// What `# HELP` says about a metric of this name.
    package static func describe(_ name: String, _ help: String) {
        registry.describe(name, help)
    }

    /// All metrics of this process in Prometheus's text exposition format 0.0.4.
    package static func prometheusText() -> [UInt8] {
        var text = registry.text()
        text += ProcessMetrics.text()
        return Array(text.utf8)
    }

    /// The media type of ``prometheusText()``.
    package static let prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"
}
