internal import Metrics
internal import Reactor
internal import Synchronization

/// What a node counts of its requests. Labels are bounded: routes of the table, and the status codes that are sent.
final class ResponderMetrics: Sendable {
    private let connections = Gauge(label: "millrace_api_connections")
    private let parked = Gauge(label: "millrace_api_requests_waiting")
    private let parkedCount = Atomic<Int>(0)
    private let durations: [Timer]
    private let labels: [String]
    /// Counters by route and status, made when first used.
    private let counters: Mutex<[Key: Counter]>

    private struct Key: Hashable {
        let route: Int
        let status: Int
    }

    /// - Parameter routes: a name for each.
    init(routes: [String]) {
        labels = routes + ["none"]
        durations = labels.map { Timer(label: "millrace_api_request_duration_seconds", dimensions: [("route", $0)]) }
        counters = Mutex([:])
    }

    /// - Parameter route: `nil`: the request met no route.
    func finished(route: Int?, status: Int, after duration: Duration) {
        let index = route ?? labels.count - 1
        durations[index].recordNanoseconds(duration.wholeNanoseconds)
        let key = Key(route: index, status: status)
        let counter = counters.withLock { counters in
            if let counter = counters[key] { return counter }
            let counter = Counter(
                label: "millrace_api_requests_total",
                dimensions: [("route", labels[index]), ("status", String(status))])
            counters[key] = counter
            return counter
        }
        counter.increment()
    }

    func connectionsChanged(to count: Int) { connections.record(count) }

    func parkedChanged(by difference: Int) {
        parked.record(parkedCount.wrappingAdd(difference, ordering: .relaxed).newValue)
    }
}
