internal import Synchronization

/// All metrics of a process, by name and labels.
final class MetricRegistry: Sendable {
    /// How many label sets a metric may have. What comes later is counted under ``otherLabel``: a client must not be
    /// able to fill the memory with labels.
    static let seriesLimit = 200
    static let otherLabel = "other"

    struct Label: Hashable, Comparable {
        var name: String
        var value: String

        static func < (left: Label, right: Label) -> Bool {
            (left.name, left.value) < (right.name, right.value)
        }
    }

    /// All series of one name; they are of one kind.
    struct Family {
        var series: [[Label]: any AnyObject & Sendable] = [:]
    }

    struct Contents {
        var families: [String: Family] = [:]
        var help: [String: String] = [:]
    }

    private let contents = Mutex(Contents())

    func describe(_ name: String, _ help: String) {
        contents.withLock { $0.help[PrometheusText.metricName(name)] = help }
    }

    /// The cell of a name and labels, made when it is new.
    ///
    /// A name keeps the kind it got first. A cell of another kind works, but is shown nowhere.
    func cell<Cell: AnyObject & Sendable>(
        _ name: String, _ dimensions: [(String, String)], make: () -> Cell
    ) -> Cell {
        var labels = dimensions.map { Label(name: PrometheusText.labelName($0.0), value: $0.1) }.sorted()
        return contents.withLock { contents in
            var family = contents.families[PrometheusText.metricName(name)] ?? Family()
            if family.series[labels] == nil, family.series.count >= Self.seriesLimit {
                labels = labels.map { Label(name: $0.name, value: Self.otherLabel) }
            }
            if let known = family.series[labels] { return known as? Cell ?? make() }
            let cell = make()
            if let first = family.series.values.first, !(first is Cell) { return cell }
            family.series[labels] = cell
            contents.families[PrometheusText.metricName(name)] = family
            return cell
        }
    }

    /// The text exposition of all of it, sorted by name and labels.
    func text() -> String {
        let contents = contents.withLock { $0 }
        var text = PrometheusText()
        for (name, family) in contents.families.sorted(by: { $0.key < $1.key }) {
            text.append(name, family, help: contents.help[name])
        }
        return text.text
    }
}
