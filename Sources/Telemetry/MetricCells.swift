internal import CoreMetrics
internal import Synchronization

/// The value of one counter. It only grows.
final class CounterCell: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }
}

/// The value of one gauge. It goes up and down.
final class GaugeCell: MeterHandler, RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func set(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func record(_ value: Int64) { set(Double(value)) }
    func decrement(by amount: Double) { increment(by: -amount) }

    func increment(by amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = bits.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}

/// The values of one histogram, counted in buckets with fixed bounds.
final class HistogramCell: TimerHandler, RecorderHandler {
    private let bounds: [Double]
    // A lock, not atomics: a scrape must see a sum and buckets that belong together.
    private let state: Mutex<PrometheusText.Histogram>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(
            PrometheusText.Histogram(
                bounds: bounds, counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    var histogram: PrometheusText.Histogram { state.withLock { $0 } }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { histogram in
            histogram.counts[bucket] += 1
            histogram.sum += value
        }
    }

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
}
