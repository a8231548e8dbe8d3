internal import Metrics
internal import Queue
internal import Tasks
internal import Telemetry

/// A worker's metrics. They are created once, because looking a metric up costs more than counting.
struct WorkerMetrics: Sendable {
    private struct OfType {
        let completed: Counter
        let failed: Counter
        let duration: Timer
    }

    private let types: [String: OfType]
    private let claimed = Recorder(label: "millrace_worker_claim_size")
    private let stored = Recorder(label: "millrace_worker_completion_size")
    private let buffered = Meter(label: "millrace_worker_tasks_buffered")
    private let running = Meter(label: "millrace_worker_tasks_running")
    private let registered = Meter(label: "millrace_worker_registered")
    private let sessionsLost = Counter(label: "millrace_worker_sessions_lost_total")

    init(_ registry: TaskRegistry) {
        for (name, help) in Self.help { Telemetry.describe(name, help) }
        types = Dictionary(
            uniqueKeysWithValues: registry.all.map { definition in
                let labels = [("type", definition.name)]
                let metrics = OfType(
                    completed: Counter(label: "millrace_tasks_completed_total", dimensions: labels),
                    failed: Counter(label: "millrace_tasks_failed_total", dimensions: labels),
                    duration: Timer(label: "millrace_task_duration_seconds", dimensions: labels))
                return (definition.name, metrics)
            })
    }

    private static let help = [
        "millrace_tasks_completed_total": "Tasks that this worker computed and stored.",
        "millrace_tasks_failed_total": "Attempts that failed in this worker, including those that are retried.",
        "millrace_task_duration_seconds": "How long the computation of a task took.",
        "millrace_worker_claim_size": "Tasks claimed in one transaction.",
        "millrace_worker_completion_size": "Ends of attempts stored in one transaction.",
        "millrace_worker_tasks_buffered": "Claimed tasks that wait for a thread.",
        "millrace_worker_tasks_running": "Tasks that are being computed.",
        "millrace_worker_registered": "1 while the worker is registered with the queue.",
        "millrace_worker_sessions_lost_total": "How often the database session was lost.",
    ]

    /// Counts ends of attempts that have been stored.
    func count(_ ends: [Workload.End]) {
        guard !ends.isEmpty else { return }
        stored.record(ends.count)
        for end in ends {
            guard let metrics = types[end.type] else { continue }
            switch end.completion.outcome {
            case .completed: metrics.completed.increment()
            case .failed: metrics.failed.increment()
            }
            metrics.duration.recordNanoseconds(Int64(end.seconds * 1_000_000_000))
        }
    }

    func count(claimed tasks: Int) { claimed.record(tasks) }

    func countLostSession() { sessionsLost.increment() }

    func show(isRegistered: Bool) { registered.set(isRegistered ? 1 : 0) }

    func show(_ view: Workload.View) {
        buffered.set(view.buffered.values.reduce(0, +))
        running.set(view.running)
    }
}
