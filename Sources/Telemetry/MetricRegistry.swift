internal import Synchronization

/// All metrics of a process, by name and labels.
final class MetricRegistry: Sendable {
    /// The maximum number of label sets of one metric. Further label sets are counted under ``otherLabel``, so that a
    /// client cannot fill the memory with labels.
    static let seriesLimit = 200
    static let otherLabel = "other"

    /// All series of one name. They are all counters, all gauges, or all histograms.
    private struct Family {
        var series: [[PrometheusText.Label]: any AnyObject & Sendable] = [:]
    }

    private struct Contents {
        var families: [String: Family] = [:]
        var help: [String: String] = [:]
    }

    private let contents = Mutex(Contents())

    func describe(_ name: String, _ help: String) {
        contents.withLock { $0.help[PrometheusName.metric(name)] = help }
    }

    /// The cell of a name and labels. It is made if there is none yet.
    ///
    /// The first cell of a name decides the kind of the metric. A cell of another kind can be used, but its value is
    /// not written.
    func cell<Cell: AnyObject & Sendable>(
        _ name: String, _ dimensions: [(String, String)], make: () -> Cell
    ) -> Cell {
        var labels = dimensions.map { PrometheusText.Label(PrometheusName.label($0.0), $0.1) }.sorted()
        return contents.withLock { contents in
            var family = contents.families[PrometheusName.metric(name)] ?? Family()
            if family.series[labels] == nil, family.series.count >= Self.seriesLimit {
                labels = labels.map { PrometheusText.Label($0.name, Self.otherLabel) }
            }
            if let known = family.series[labels] { return known as? Cell ?? make() }
            let cell = make()
            if let first = family.series.values.first, !(first is Cell) { return cell }
            family.series[labels] = cell
            contents.families[PrometheusName.metric(name)] = family
            return cell
        }
    }

    /// Writes all metrics, sorted by name and labels.
    func write(to text: inout PrometheusText) {
        let contents = contents.withLock { $0 }
        for (name, family) in contents.families.sorted(by: { $0.key < $1.key }) {
            let series = family.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            let help = contents.help[name]
            // All series of a family are of one kind, so only one of the following three calls writes something.
            text.family(
                name, .counter, help: help,
                series.compactMap { labels, cell in
                    (cell as? CounterCell).map { (labels, .integer($0.value)) }
                })
            text.family(
                name, .gauge, help: help,
                series.compactMap { labels, cell in
                    (cell as? GaugeCell).map { (labels, .double($0.value)) }
                })
            text.histograms(
                name, help: help,
                series.compactMap { labels, cell in
                    (cell as? HistogramCell).map { (labels, $0.histogram) }
                })
        }
    }
}
