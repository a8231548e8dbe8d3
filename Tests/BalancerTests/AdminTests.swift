import JSON
import Testing

/// The `/lb/` calls.
struct AdminTests {
    @Test func `health, stats, rate limits and metrics have the contract's members`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            ["\(node.address) weight=2 max_conns=7", "unix:/tmp/nobody-listens-here.sock"],
            http: "limit_req_zone $binary_remote_addr zone=clients:1m rate=2r/m;",
            location: "limit_req zone=clients burst=9 nodelay;")
        for _ in 0..<3 { #expect(try harness.get("/").status == 200) }

        let health = try json(harness.get("/lb/health"))
        #expect(health["status"] == "healthy")
        #expect(health["service"] == "loadbalancer")
        #expect((health["backends_up"]?.integerValue ?? 0) >= 1)

        let stats = try json(harness.get("/lb/stats"))
        #expect(stats["strategy"] == "round-robin")
        #expect((stats["requests_total"]?.integerValue ?? 0) >= 3)
        #expect(stats["rate_limited_total"] == 0)
        #expect(stats["active_ips"] == 1)
        #expect(stats["rate_limit_config"] == ["requests_per_window": 10, "window_seconds": 303])
        let backend = try #require(stats["backends"]?.arrayValue?.first)
        #expect(backend["address"] == .string(node.address))
        #expect(backend["weight"] == 2)
        #expect(backend["max_conns"] == 7)
        #expect(
            Set(backend.objectValue!.keys) == [
                "address", "healthy", "active", "idle", "waiting", "requests", "failures", "weight", "max_conns",
            ])

        let limits = try json(harness.get("/lb/rate-limits"))
        #expect(limits["requests_per_window"] == 10)
        let client = try #require(limits["clients"]?.arrayValue?.first)
        #expect(client["client"] == "127.0.0.1")
        #expect(client["requests_in_window"]?.integerValue == 3)
        #expect(client["requests_remaining"]?.integerValue == 7)
        for limit in ["0", "-8", "null", "", "1001"] {
            let refused = try harness.get("/lb/rate-limits?limit=\(limit)")
            #expect(refused.status == 422 && refused.text.contains("limit: must be"), "\(limit)")
        }
        #expect(try harness.get("/lb/rate-limits?limit=1000").status == 200)

        let metrics = try harness.get("/lb/metrics")
        #expect(metrics.field("Content-Type")?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(metrics.text.contains("millrace_lb_requests_total "))
    }

    @Test func `members come in the contract's order, and caches must not store a reply`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "limit_req_zone $binary_remote_addr zone=clients:1m rate=1r/s;",
            location: "limit_req zone=clients burst=9 nodelay;")
        _ = try harness.get("/")
        let orders = [
            "/lb/health": ["status", "service", "backends_up"],
            "/lb/stats": [
                "strategy", "uptime_seconds", "requests_total", "rate_limited_total", "active_ips",
                "rate_limit_config", "requests_per_window", "window_seconds", "backends", "address", "healthy",
                "active", "idle", "waiting", "requests", "failures", "weight", "max_conns",
            ],
            "/lb/rate-limits": [
                "requests_per_window", "window_seconds", "clients", "client", "requests_in_window",
                "requests_remaining", "window_reset_in",
            ],
            "/lb/nothing": ["type", "title", "status", "detail", "request_id"],
        ]
        for (path, order) in orders {
            let response = try harness.get(path)
            #expect(response.members == order, "\(path)")
            #expect(response.field("Cache-Control") == "no-store", "\(path)")
        }
        #expect(
            try setStrategy(harness, "{\"strategy\":\"round-robin\"}").members
                == ["message", "old_strategy", "new_strategy"])
    }

    @Test func `the strategy is changed at run time, in both spellings`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let first = try setStrategy(harness, "{\"strategy\":\"least_connections\"}")
        #expect(first.status == 200)
        let answer = try json(first)
        #expect(answer["old_strategy"] == "round-robin")
        #expect(answer["new_strategy"] == "least-connections")
        #expect(try json(harness.get("/lb/stats"))["strategy"] == "least-connections")
        for bad in ["{\"strategy\":\"fastest\"}", "{}", "[]", "nonsense", ""] {
            let response = try setStrategy(harness, bad)
            #expect(response.status == 400, "\(bad)")
        }
        #expect(try setStrategy(harness, "{\"strategy\":1}").text.contains("round-robin, least-connections"))
        #expect(try json(harness.get("/lb/stats"))["strategy"] == "least-connections")
    }

    @Test func `only a client that sends the admin token may change the strategy`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        let body = "{\"strategy\":\"least-connections\"}"
        for wrong in ["", "Authorization: Bearer secreT\r\n", "Authorization: Basic secret\r\n"] {
            let refused = try setStrategy(harness, body, wrong)
            #expect(refused.status == 401)
            #expect(refused.field("WWW-Authenticate") == "Bearer")
            #expect(refused.field("Content-Type") == "application/problem+json")
        }
        // The content types that a form or a script may send to another origin without a preflight request.
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""] {
            #expect(try setStrategy(harness, body, type: type).status == 415, "\(type)")
        }
        #expect(try json(harness.get("/lb/stats"))["strategy"] == "round-robin")
        #expect(
            try setStrategy(harness, body, "Origin: https://console.example\r\n\(Harness.token)").status == 200)
    }

    @Test(arguments: [nil, ""])
    func `without a configured token, every administrative call is refused, whatever the client sends`(
        token: String?
    ) throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address], adminToken: token)
        let body = "{\"strategy\":\"least-connections\"}"
        for fields in ["", "Origin: http://127.0.0.1:8000\r\n", "Authorization: Bearer \r\n", Harness.token] {
            let refused = try setStrategy(harness, body, fields)
            #expect(refused.status == 403, "\(fields)")
            #expect(refused.text.contains("Set MILLRACE_ADMIN_TOKEN"))
            #expect(try harness.get("/lb/peers", fields).status == 403, "\(fields)")
        }
        #expect(try json(harness.get("/lb/stats"))["strategy"] == "round-robin")
    }

    @Test func `an unknown call gets 404, and a wrong method 405`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness([node.address])
        #expect(try harness.get("/lb/nothing").status == 404)
        let wrong = try harness.ask("DELETE /lb/stats HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(wrong.status == 405)
        #expect(wrong.field("Allow") == "GET, HEAD")
        #expect(try harness.get("/lb/strategy").field("Allow") == "POST")
        #expect(node.requests.isEmpty)
    }

    @Test func `health is 503 when no node is up`() throws {
        let harness = try Harness(["unix:/tmp/no1.sock", "unix:/tmp/no2.sock"])
        _ = try harness.get("/")
        let health = try harness.get("/lb/health")
        #expect(health.status == 503)
        #expect(try json(health)["backends_up"] == 0)
    }

    private func setStrategy(
        _ harness: Harness, _ body: String, _ fields: String = Harness.token, type: String = "application/json"
    ) throws -> RawClient.Response {
        try harness.ask(
            """
            POST /lb/strategy HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Type: \(type)\r\n\
            \(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)
            """)
    }

    private func json(_ response: RawClient.Response) throws -> JSONValue { try JSONValue(parsing: response.body) }
}

extension RawClient.Response {
    /// The names of all members of the JSON body, in order.
    fileprivate var members: [String] {
        text.split(separator: "\"").enumerated().compactMap { $1.hasPrefix(":") ? $0 : nil }.map { index in
            String(text.split(separator: "\"")[index - 1])
        }
    }
}
