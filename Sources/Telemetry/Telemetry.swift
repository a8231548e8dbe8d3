internal import CoreMetrics
package import Logging
internal import Synchronization

/// Logging and metrics of a process: swift-log to stderr, swift-metrics to Prometheus's text format.
package enum Telemetry {
    package enum LogFormat: String, Sendable, CaseIterable {
        /// For people: `2026-11-23T21:02:11.123456Z info worker-1: Message key=value`
        case text
        /// For programs: one JSON object per line with `ts`, `level`, `component`, `msg` and `metadata`.
        case json
    }

    private static let registry = MetricRegistry()
    private static let isBootstrapped = Mutex(false)

    /// Sets up the logging and the metrics of this process. Call it first: loggers and metrics that were made earlier
    /// write nothing. A second call changes nothing.
    /// - Parameters:
    ///   - component: which process of the system this is, for example `worker-1`
    ///   - level: the level that new loggers start with
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

    /// Sets the text of the `HELP` line of a metric.
    package static func describe(_ name: String, _ help: String) {
        registry.describe(name, help)
    }

    /// Writes all metrics that were made with swift-metrics, and those of the process.
    package static func write(to text: inout PrometheusText) {
        registry.write(to: &text)
        ProcessMetrics.write(to: &text)
    }

    /// All metrics of this process in Prometheus's text exposition format 0.0.4.
    package static func prometheusText() -> [UInt8] {
        var text = PrometheusText()
        write(to: &text)
        return Array(text.text.utf8)
    }

    /// The media type of ``prometheusText()``.
    package static let prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"
}
