import TestSupport
import Testing
import Threading

@testable import Balancer

/// Variables that nginx does not have, and variables with values that differ from run to run.
struct VariableTests {
    @Test func `variables show the connection's age, the request's port and the time in the queue`() throws {
        // The second request waits about 60 ms, until the node has answered the first request.
        let node = try TestResponder { _ in [.sleep(.milliseconds(60)), .stdout("\r\nhello"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            ["\(node.address) max_conns=1"],
            server: """
                location = /port { return 200 "$is_request_port$request_port"; }
                location = /path { return 200 "$tcpinfo_rtt,$tcpinfo_rttvar,$tcpinfo_snd_cwnd,$tcpinfo_rcv_space"; }
                location = /time { return 200 $connection_time; }
                """, location: "add_header X-Queued \"$upstream_queue_time\";")
        for (host, port) in [("a:81", ":81"), ("a", ""), ("a.:82", ":82"), ("[::1]:83", ":83"), ("[::1]", "")] {
            #expect(try harness.ask("GET /port HTTP/1.1\r\nHost: \(host)\r\n\r\n").text == port)
        }
        let path = try harness.get("/path").text.split(separator: ",").compactMap { Int($0) }
        #expect(path.count == 4 && path.allSatisfy { $0 > 0 }, "\(path)")
        let client = try harness.client()
        // The connection must be at least 20 ms old.
        sleepCurrentThread(for: .milliseconds(20))
        client.send("GET /time HTTP/1.1\r\nHost: a\r\n\r\n")
        let time = try client.response().text
        #expect(time.hasPrefix("0.") && time >= "0.020", "\(time)")

        let (first, second) = (try harness.client(), try harness.client())
        first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try first.response().field("X-Queued") == "-")
        let queued = try #require(try second.response().field("X-Queued"))
        #expect(queued.hasPrefix("0.0") && queued > "0.000", "\(queued)")
    }

    @Test func `a valid traceparent is passed on, and without one each request gets a new one`() throws {
        let node = try TestResponder { request in
            [.stdout("\r\n\(request.params["HTTP_TRACEPARENT"] ?? "-") \(request.params["AGAIN"] ?? "-")"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            location: "fastcgi_param HTTP_TRACEPARENT $traceparent; fastcgi_param AGAIN $traceparent;")
        func ask(_ fields: String) throws -> [String] {
            try harness.ask("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n").text.split(separator: " ").map(String.init)
        }
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        #expect(try ask("Traceparent: \(given)\r\n") == [given, given])
        var seen: Set<String> = []
        for fields in [
            "", "traceparent: nonsense\r\n",
            "traceparent: 00-\(String(repeating: "0", count: 32))-00f067aa0ba902b7-01\r\n",
            "traceparent: \(given)\r\ntraceparent: \(given)\r\n", "traceparent: \(given.uppercased())\r\n",
        ] {
            let made = try ask(fields)
            #expect(made.count == 2 && made[0] == made[1])
            #expect(RequestIDs.isTraceParent(Array(made[0].utf8)))
            seen.insert(made[0])
        }
        #expect(seen.count == 5)
    }
}
