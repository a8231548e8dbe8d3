internal import CoreMetrics

/// Connects swift-metrics to a ``MetricRegistry``.
///
/// A timer becomes a histogram in seconds; a recorder becomes a histogram, or a gauge if it does not aggregate; a meter
/// becomes a gauge.
struct PrometheusFactory: MetricsFactory {
    let registry: MetricRegistry

    /// Bucket bounds for durations: from a digest that takes microseconds to a hash that takes many seconds.
    static let seconds: [Double] = [
        0.000_01, 0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// Bucket bounds for sizes and counts.
    static let sizes: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        registry.cell(label, dimensions) { CounterCell() }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        registry.cell(label, dimensions) { GaugeCell() }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate {
            registry.cell(label, dimensions) { HistogramCell(bounds: Self.sizes) }
        } else {
            registry.cell(label, dimensions) { GaugeCell() }
        }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        registry.cell(label, dimensions) { HistogramCell(bounds: Self.seconds) }
    }

    // A metric that is no longer used keeps its value: Prometheus expects that counters do not disappear.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
