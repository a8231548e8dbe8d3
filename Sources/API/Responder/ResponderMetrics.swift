internal import Metrics
internal import Reactor
internal import Synchronization

/// The metrics of a node's requests. The labels are bounded: the routes of the table and the status codes of responses.
final class ResponderMetrics: Sendable {
    private let connections = Gauge(label: "millrace_api_connections")
    private let parked = Gauge(label: "millrace_api_requests_waiting")
    private let parkedCount = Atomic<Int>(0)
    private let durations: [Timer]
    private let labels: [String]
    /// Created when first used.
    private let counters: Mutex<[CounterKey: Counter]>

    private struct CounterKey: Hashable {
        let route: Int
        let status: Int
    }

    /// - Parameter routes: the operation name of each route.
    init(routes: [String]) {
        labels = routes + ["none"]
        durations = labels.map { Timer(label: "millrace_api_request_duration_seconds", dimensions: [("route", $0)]) }
        counters = Mutex([:])
    }

    /// - Parameter route: the index in the route table; `nil` if no route matched.
    func finished(route: Int?, status: Int, after duration: Duration) {
        let index = route ?? labels.count - 1
        durations[index].recordNanoseconds(duration.wholeNanoseconds)
        let key = CounterKey(route: index, status: status)
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
