import TestSupport
import Testing

/// The metrics of `/lb/metrics`.
struct MetricsTests {
    @Test func `metrics count the requests that went to a second node, and those that waited`() throws {
        let gate = Gate()
        defer { gate.open() }
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nhello"), .end()] }
        defer { node.stop() }
        let harness = try Harness(["127.0.0.1:1", "\(node.address) max_conns=1"])
        // Nobody listens on port 1. So the first node fails this request, and gets no other request during
        // fail_timeout.
        #expect(try harness.get("/").status == 200)
        gate.close()
        let clients = try (0..<4).map { _ in try harness.client() }
        for client in clients { client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx") }
        try harness.waitForStats("\"waiting\":3")
        gate.open()
        for client in clients { #expect(try client.response().status == 200) }
        let metrics = try harness.get("/lb/metrics").text
        #expect(metrics.contains("millrace_lb_retries_total 1\n"))
        #expect(metrics.contains("millrace_lb_queued_total 3\n"))
    }

    @Test func `metrics show the nodes' response times, the waiting times, and the decisions of limits`() throws {
        // A slow node: its responses take at least 30 ms, so that none is in the bucket up to 25 ms.
        let node = try TestResponder { _ in [.sleep(.milliseconds(30)), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            ["\(node.address) max_conns=1"], http: "limit_req_zone $uri zone=z:1m rate=1r/m;",
            location: "limit_req zone=z burst=1 nodelay;")
        let clients = try (0..<3).map { _ in try harness.client() }
        for client in clients { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        let statuses = try clients.map { try $0.response().status }.sorted()
        #expect(statuses == [200, 200, 503])
        let text = try harness.get("/lb/metrics").text
        let labels = "upstream=\"nodes\",backend=\"\(node.address)\""
        #expect(text.contains("# TYPE millrace_lb_backend_response_seconds histogram\n"))
        #expect(text.contains("millrace_lb_backend_response_seconds_bucket{\(labels),le=\"0.025\"} 0\n"))
        #expect(text.contains("millrace_lb_backend_response_seconds_bucket{\(labels),le=\"+Inf\"} 2\n"))
        #expect(text.contains("millrace_lb_backend_response_seconds_count{\(labels)} 2\n"))
        #expect(text.contains("millrace_lb_queue_seconds_count{upstream=\"nodes\"} 1\n"))
        #expect(text.contains("millrace_lb_limit_decisions_total{limit=\"req\",decision=\"passed\"} 2\n"))
        #expect(text.contains("millrace_lb_limit_decisions_total{limit=\"req\",decision=\"refused\"} 1\n"))
    }
}
