internal import Balancing

extension TimeHistogram {
    /// The histogram in Prometheus's text format, in seconds.
    /// - Parameter labels: labels for each sample, without braces; not empty
    func samples(of name: String, _ labels: String) -> String {
        var text = ""
        var total = 0
        for (bound, count) in zip(Self.bounds, counts) {
            total += count
            text += "\(name)_bucket{\(labels),le=\"\(Double(bound) / 1_000_000)\"} \(total)\n"
        }
        text += "\(name)_bucket{\(labels),le=\"+Inf\"} \(count)\n"
        text += "\(name)_sum{\(labels)} \(Double(sum) / 1_000_000)\n"
        return text + "\(name)_count{\(labels)} \(count)\n"
    }
}
