import CoreMetrics
import Logging
import Testing

@testable import Telemetry

@Suite struct `Metrics` {
    private let registry = MetricRegistry()
    private var factory: PrometheusFactory { PrometheusFactory(registry: registry) }
    private var text: String {
        var text = PrometheusText()
        registry.write(to: &text)
        return text.text
    }

    @Test func `a counter has escaped labels in the order of their names`() {
        registry.describe("millrace_tasks_completed_total", "Tasks that \\ were\ncompleted.")
        let labels = [("type", "sha\"256\\\n"), ("node", "1")]
        let counter = Counter(label: "millrace_tasks_completed_total", dimensions: labels, factory: factory)
        counter.increment()
        Counter(label: "millrace_tasks_completed_total", dimensions: labels.reversed(), factory: factory)
            .increment(by: 2)
        Counter(label: "millrace_tasks_completed_total", factory: factory).increment(by: 7)
        #expect(
            text == #"""
                # HELP millrace_tasks_completed_total Tasks that \\ were\ncompleted.
                # TYPE millrace_tasks_completed_total counter
                millrace_tasks_completed_total 7
                millrace_tasks_completed_total{node="1",type="sha\"256\\\n"} 3

                """#)
    }

    @Test func `meters and recorders without aggregation are gauges`() {
        let meter = Meter(label: "a", factory: factory)
        meter.set(2)
        meter.increment(by: 0.5)
        meter.decrement(by: 1)
        Gauge(label: "b", factory: factory).record(-3)
        Gauge(label: "c", factory: factory).record(Double.infinity)
        #expect(text == "# TYPE a gauge\na 1.5\n# TYPE b gauge\nb -3\n# TYPE c gauge\nc +Inf\n")
    }

    @Test func `a timer is a histogram in seconds with cumulative buckets`() {
        let timer = Timer(
            label: "t_seconds", dimensions: [("type", "x")], factory: factory)
        timer.recordNanoseconds(10_000)  // equal to a bound: counted in the bucket up to this bound
        timer.recordMilliseconds(3)
        timer.recordMilliseconds(500)
        timer.recordSeconds(100)
        #expect(
            text == """
                # TYPE t_seconds histogram
                t_seconds_bucket{type="x",le="1e-05"} 1
                t_seconds_bucket{type="x",le="0.0001"} 1
                t_seconds_bucket{type="x",le="0.0005"} 1
                t_seconds_bucket{type="x",le="0.001"} 1
                t_seconds_bucket{type="x",le="0.0025"} 1
                t_seconds_bucket{type="x",le="0.005"} 2
                t_seconds_bucket{type="x",le="0.01"} 2
                t_seconds_bucket{type="x",le="0.025"} 2
                t_seconds_bucket{type="x",le="0.05"} 2
                t_seconds_bucket{type="x",le="0.1"} 2
                t_seconds_bucket{type="x",le="0.25"} 2
                t_seconds_bucket{type="x",le="0.5"} 3
                t_seconds_bucket{type="x",le="1"} 3
                t_seconds_bucket{type="x",le="2.5"} 3
                t_seconds_bucket{type="x",le="5"} 3
                t_seconds_bucket{type="x",le="10"} 3
                t_seconds_bucket{type="x",le="30"} 3
                t_seconds_bucket{type="x",le="+Inf"} 4
                t_seconds_sum{type="x"} 100.50301
                t_seconds_count{type="x"} 4

                """)
    }

    @Test func `a recorder is a histogram of sizes`() {
        let recorder = Recorder(label: "batch", factory: factory)
        recorder.record(3)
        recorder.record(20_000)
        #expect(text.contains("batch_bucket{le=\"2\"} 0\nbatch_bucket{le=\"5\"} 1\n"))
        #expect(text.hasSuffix("batch_bucket{le=\"+Inf\"} 2\nbatch_sum 20003\nbatch_count 2\n"))
    }

    @Test func `names are changed to valid Prometheus names`() {
        Counter(label: "9 a.b-c:d", dimensions: [("x:y", "v")], factory: factory).increment()
        #expect(text == "# TYPE _9_a_b_c:d counter\n_9_a_b_c:d{x_y=\"v\"} 1\n")
    }

    @Test func `the number of label sets is bounded`() {
        for number in 0..<300 {
            Counter(label: "c", dimensions: [("client", "\(number)")], factory: factory).increment()
        }
        #expect(text.split(separator: "\n").count == 1 + 201)
        #expect(text.contains("c{client=\"other\"} 100\n"))
    }

    @Test func `a name keeps the kind that it got first`() {
        Counter(label: "x", factory: factory).increment()
        Meter(label: "x", factory: factory).set(5)
        Meter(label: "x", dimensions: [("a", "b")], factory: factory).set(5)
        #expect(text == "# TYPE x counter\nx 1\n")
    }

    @Test func `no count from many threads is lost`() async {
        let counter = Counter(label: "n", factory: factory)
        let meter = Meter(label: "m", factory: factory)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        meter.increment(by: 1)
                    }
                }
            }
        }
        #expect(text == "# TYPE m gauge\nm 80000\n# TYPE n counter\nn 80000\n")
    }

    @Test func `the process has metrics of its own`() {
        var writer = PrometheusText()
        ProcessMetrics.write(to: &writer)
        let text = writer.text
        #expect(text.contains("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total "))
        #expect(text.contains("\nprocess_resident_memory_bytes "))
        #expect(text.contains("\nprocess_open_fds "))
    }

    @Test func `bootstrapping twice has no effect, and metrics are written`() {
        Telemetry.bootstrap(component: "test", level: .critical, format: .text)
        Telemetry.bootstrap(component: "test", level: .critical, format: .json)
        Telemetry.describe("millrace_test_total", "A test.")
        Counter(label: "millrace_test_total").increment()
        let text = String(decoding: Telemetry.prometheusText(), as: UTF8.self)
        #expect(text.contains("# HELP millrace_test_total A test.\n# TYPE millrace_test_total counter\n"))
    }
}
