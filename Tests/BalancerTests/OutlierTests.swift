import FoundationEssentials
import Synchronization
import TestSupport
import Testing

@testable import Balancer

/// `outlier_detection`.
struct OutlierTests {
    @Test(arguments: [1, 2])
    func `a node that answers with errors is ejected for some time, and the ejection is logged`(
        _ workers: Int
    ) throws {
        let folder = TemporaryFolder()
        let isBroken = Atomic<Bool>(true)
        let bad = try TestResponder { _ in
            [.stdout(isBroken.load(ordering: .relaxed) ? "Status: 500 Broken\r\n\r\nbad" : "\r\nrepaired"), .end()]
        }
        let good = try TestResponder { _ in [.stdout("\r\ngood"), .end()] }
        defer { for node in [bad, good] { node.stop() } }
        let log = folder.file("error.log")
        let harness = try Harness(
            [bad.address, good.address],
            upstream: "keepalive 8; outlier_detection consecutive_errors=3 base_ejection_time=400ms;",
            http: "error_log \(log) warn;", workers: workers)
        var texts: [String] = []
        for _ in 0..<12 { texts.append(try harness.get("/").text) }
        #expect(texts.count { $0 == "bad" } == 3)
        #expect(texts.suffix(5) == ["good", "good", "good", "good", "good"])
        let stats = try harness.get("/lb/stats").text
        #expect(stats.contains("\"ejected\":true"))
        #expect(stats.contains("\"ejected\":false"))
        let labels = "upstream=\"nodes\",backend=\"\(bad.address)\""
        let metrics = try harness.get("/lb/metrics").text
        #expect(metrics.contains("millrace_lb_backend_ejected{\(labels)} 1\n"))
        #expect(metrics.contains("millrace_lb_backend_ejections_total{\(labels),reason=\"consecutive_errors\"} 1\n"))
        isBroken.store(false, ordering: .relaxed)
        try eventually("the node gets requests again") { (try? harness.get("/").text) == "repaired" }
        let lines = try String(contentsOfFile: log, encoding: .utf8)
        #expect(
            lines.contains(
                "ejected for 400 ms by consecutive_errors, peer \(bad.address) in upstream \"nodes\"\n"))
    }

    @Test func `without outlier_detection the calls do not mention it`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        #expect(try harness.get("/").status == 200)
        for path in ["/lb/stats", "/lb/peers", "/lb/metrics"] {
            let text = try harness.get(path, Harness.token).text
            #expect(!text.contains("eject") && !text.contains("health_check"), "\(path)")
        }
    }
}
