import Glibc
import Reactor
import TestSupport
import Testing

struct RetryTests {
    @Test func `an unreachable node costs a POST nothing`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness(["unix:/tmp/nobody-listens-here.sock", node.address])
        for _ in 0..<4 {
            #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "hi")
        }
        #expect(node.requests.count == 4)
    }

    @Test func `a POST that a node may have begun is never given to another`() throws {
        let (one, two) = (try TestResponder { _ in [.close] }, try TestResponder { _ in [.close] })
        defer { for node in [one, two] { node.stop() } }
        let harness = try Harness([one.address, two.address])
        #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").status == 502)
        #expect(one.requests.count + two.requests.count == 1)
    }

    @Test func `a GET that a node dropped is given to the next`() throws {
        let (bad, good) = (try TestResponder { _ in [.close] }, try TestResponder())
        defer { for node in [bad, good] { node.stop() } }
        let harness = try Harness([bad.address, good.address])
        for _ in 0..<3 { #expect(try harness.get("/").text == "hello") }
        #expect(bad.requests.count == 1, "after one failure the node is left alone for fail_timeout")
    }

    @Test func `a node that is overloaded passes a POST on`() throws {
        let (full, free) = (try TestResponder { _ in [.end(2), .close] }, try TestResponder(echo))
        defer { for node in [full, free] { node.stop() } }
        let harness = try Harness([full.address, free.address])
        for _ in 0..<4 {
            #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "hi")
        }
        #expect(free.requests.count == 4)
        #expect(full.requests.count >= 1)
    }

    @Test func `when every node is overloaded the client is told to come back`() throws {
        let node = try TestResponder { _ in [.end(2), .close] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let response = try harness.get("/")
        #expect(response.status == 503)
        #expect(response.field("Retry-After") == "1")
    }

    @Test func `a status that fastcgi_next_upstream names is passed over while another node is left`() throws {
        let bad = try TestResponder { _ in [.stdout("Status: 503\r\n\r\nbad"), .end()] }
        let good = try TestResponder(echo)
        defer { for node in [bad, good] { node.stop() } }
        let harness = try Harness([bad.address, good.address], location: "fastcgi_next_upstream http_503;")
        for _ in 0..<3 { #expect(try harness.get("/").status == 200) }
        #expect(bad.requests.count == 1, "and the node is left alone for fail_timeout")
        let alone = try Harness([bad.address], location: "fastcgi_next_upstream http_503;")
        #expect(try alone.get("/").text == "bad", "the last node's answer is the answer")
        let post = try Harness(
            ["\(bad.address) weight=9", good.address], location: "fastcgi_next_upstream http_503;")
        #expect(
            try post.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "bad")
        let any = try Harness(
            ["\(bad.address) weight=9", good.address], location: "fastcgi_next_upstream http_503 non_idempotent;")
        #expect(try any.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "hi")
    }

    @Test func `the next node gets the same params, and $request_id is nothing that the client knows`() throws {
        let (bad, good) = (try TestResponder { _ in [.sleep(.milliseconds(20)), .close] }, try TestResponder(echo))
        defer { for node in [bad, good] { node.stop() } }
        let harness = try Harness(
            ["\(bad.address) weight=9", good.address],
            location: "fastcgi_next_upstream error non_idempotent; fastcgi_param KEY $msec-$request_id;")
        let head = "POST / HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nContent-Length: 2\r\n\r\n"
        let response = try harness.ask("\(head)hi")
        #expect(response.text == "hi")
        #expect(response.field("X-Request-Id") == "mine")
        let key = try #require(bad.requests.first?.params["KEY"])
        #expect(good.requests.first?.params["KEY"] == key)
        let parts = key.split(separator: "-")
        #expect(parts.count == 2 && parts[0].split(separator: ".").map(\.count) == [10, 3])
        #expect(parts[1].count == 32 && parts[1].allSatisfy(\.isHexDigit))
        _ = try harness.ask("\(head)hi")
        #expect(good.requests.last?.params["KEY"]?.suffix(32) != parts[1])
    }

    @Test func `no more nodes are asked than fastcgi_next_upstream_tries says`() throws {
        let nodes = try (0..<3).map { _ in try TestResponder { _ in [.close] } }
        defer { for node in nodes { node.stop() } }
        let harness = try Harness(nodes.map(\.address), location: "fastcgi_next_upstream_tries 2;")
        #expect(try harness.get("/").status == 502)
        #expect(nodes.reduce(0) { $0 + $1.requests.count } == 2)
        let never = try Harness(nodes.map(\.address), location: "fastcgi_next_upstream off;")
        #expect(try never.get("/").status == 502)
        #expect(nodes.reduce(0) { $0 + $1.requests.count } == 3)
    }

    @Test func `headers of the node are hidden from the client, or not, as the configuration says`() throws {
        let node = try TestResponder { _ in
            [.stdout("X-Powered-By: x\r\nX-Kept: y\r\nX-Accel-Expires: 1\r\nX-Accel-Charset: z\r\n\r\n"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "fastcgi_hide_header x-powered-by; fastcgi_pass_header X-Accel-Expires;")
        let response = try harness.get("/")
        #expect(response.field("X-Powered-By") == nil)
        #expect(response.field("X-Kept") == "y")
        #expect(response.field("X-Accel-Expires") == "1")
        #expect(response.field("X-Accel-Charset") == nil)
    }

    @Test func `a response's header may be as large as fastcgi_buffer_size says`() throws {
        let node = try TestResponder { _ in
            [.stdout("X-Large: \(String(repeating: "x", count: 40_000))\r\n\r\nhi"), .end()]
        }
        defer { node.stop() }
        for (size, status) in [("64k", 200), ("16k", 502)] {
            let harness = try Harness([node.address], http: "fastcgi_buffer_size \(size);")
            #expect(try harness.get("/").status == status)
        }
    }

    @Test(arguments: [false, true]) func `a node goes on when its client has gone, if the configuration says so`(
        goesOn: Bool
    ) throws {
        let node = try TestResponder { _ in [.sleep(.milliseconds(200)), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            [node.address], location: goesOn ? "fastcgi_ignore_client_abort on;" : "")
        var client: RawClient? = try harness.client()
        client!.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(eventually { node.requests.count == 1 })
        client = nil
        let start = ContinuousClock.now
        #expect(try eventually { try harness.get("/lb/stats").text.contains("\"active\":0") })
        #expect((ContinuousClock.now - start > .milliseconds(120)) == goesOn)
    }

    @Test func `kept connections that died are replaced without anyone noticing`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness([node.address])
        for _ in 0..<20 {
            #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "hi")
            node.dropConnections()
            #expect(eventually { node.openConnections == 0 })
        }
        #expect(node.requests.count == 20)
    }

    @Test func `a node that does not answer in time is a 504`() throws {
        let node = try TestResponder { _ in [.sleep(.seconds(2)), .close] }
        defer { node.stop() }
        let harness = try Harness([node.address], location: "fastcgi_read_timeout 200ms;")
        let response = try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        #expect(response.status == 504)
        #expect(response.field("Content-Type") == "application/problem+json")
    }

    @Test func `no node in reach is a 502`() throws {
        let harness = try Harness(["unix:/tmp/nobody-listens-here.sock", "127.0.0.1:1"])
        #expect(try harness.get("/").status == 502)
    }

    @Test func `with a queue a request waits for a node that comes back, whatever its failures were`() throws {
        let folder = TemporaryFolder()
        let servers = (1...2).map { "unix:\(folder.file("\($0).sock")) fail_timeout=60s" }
        let harness = try Harness(servers, upstream: "queue 10 timeout=20s; keepalive 8;")
        // Both are out for a minute after the first one.
        let waiting = try (0..<3).map { _ in try harness.client() }
        for client in waiting { client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi") }
        usleep(300_000)
        let node = try TestResponder(at: .unix(folder.file("2.sock")), echo)
        defer { node.stop() }
        for client in waiting { #expect(try client.response().text == "hi") }
        #expect(node.requests.count == 3)
        #expect(try harness.get("/").status == 200)
    }

    @Test func `with a queue a request is a 502 when no node has come after its time, or at once when it is full`()
        throws
    {
        let harness = try Harness(
            ["unix:/tmp/nobody-listens-here.sock", "127.0.0.1:1"], upstream: "queue 1 timeout=400ms; keepalive 8;")
        let first = try harness.client()
        let start = ContinuousClock.now
        first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        usleep(100_000)
        #expect(try harness.get("/").status == 502)
        #expect(ContinuousClock.now - start < .milliseconds(390))
        #expect(try first.response().status == 502)
        #expect(ContinuousClock.now - start >= .milliseconds(390))
        // One that leaves makes its place free.
        var gone: RawClient? = try harness.client()
        gone!.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        usleep(50_000)
        gone = nil
        usleep(50_000)
        let again = ContinuousClock.now
        #expect(try harness.get("/").status == 502)
        #expect(ContinuousClock.now - again >= .milliseconds(390))
    }

    @Test func `a request that ends every node it is sent to is not sent to nodes for ever`() throws {
        let nodes = try (0..<2).map { _ in try TestResponder { _ in [.close] } }
        defer { for node in nodes { node.stop() } }
        let harness = try Harness(
            nodes.map(\.address), upstream: "queue 10 timeout=20s; keepalive 8;",
            location: "fastcgi_next_upstream error non_idempotent;")
        #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").status == 502)
        #expect(nodes.reduce(0) { $0 + $1.requests.count } == 3)
    }

    @Test func `an answer that breaks off is cut short, so that the client sees it`() throws {
        let node = try TestResponder { _ in [.stdout("\r\nhalf"), .sleep(.milliseconds(50)), .close] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let text = try client.readToEnd()
        #expect(text.contains("half"))
        #expect(!text.hasSuffix("0\r\n\r\n"))
        #expect(node.requests.count == 1)
    }

    @Test func `a client that goes away ends its request at the node`() throws {
        let node = try TestResponder { _ in
            [.sleep(.milliseconds(300)), .stdout("\r\nlate"), .end(), .sleep(.seconds(1))]
        }
        defer { node.stop() }
        let harness = try Harness([node.address])
        var client: RawClient? = try harness.client()
        client!.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(eventually { node.requests.count == 1 })
        client = nil
        let stats = try harness.get("/lb/stats").text
        #expect(stats.contains("\"active\":0"))
    }

    @Test func `an answer before the body is whole ends the node's connection, not the client's request`() throws {
        let node = try TestResponder { _ in [.stdout("\r\nok"), .end()] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        #expect(try harness.get("/").text == "ok")
        #expect(try harness.get("/").text == "ok")
        #expect(node.connections == 1)
    }
}
