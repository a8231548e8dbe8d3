import Reactor
import TestSupport
import Testing

/// A node fails. Does the balancer send the request to another node? If not, what does the client get?
struct RetryTests {
    @Test func `a POST is not lost when a node cannot be reached`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness(["unix:/tmp/nobody-listens-here.sock", node.address])
        for _ in 0..<4 {
            #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "hi")
        }
        #expect(node.requests.count == 4)
    }

    @Test func `a POST that a node may have started is never sent to another node`() throws {
        let (one, two) = (try TestResponder { _ in [.close] }, try TestResponder { _ in [.close] })
        defer { for node in [one, two] { node.stop() } }
        let harness = try Harness([one.address, two.address])
        #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").status == 502)
        #expect(one.requests.count + two.requests.count == 1)
    }

    @Test func `a GET whose node closed the connection is sent to the next node`() throws {
        let (bad, good) = (try TestResponder { _ in [.close] }, try TestResponder())
        defer { for node in [bad, good] { node.stop() } }
        let harness = try Harness([bad.address, good.address])
        for _ in 0..<3 { #expect(try harness.get("/").text == "hello") }
        #expect(bad.requests.count == 1, "after one failure the node gets no request for fail_timeout")
    }

    @Test func `a POST that a node refuses as overloaded is sent to another node`() throws {
        let (full, free) = (try TestResponder { _ in [.end(2), .close] }, try TestResponder(echo))
        defer { for node in [full, free] { node.stop() } }
        let harness = try Harness([full.address, free.address])
        for _ in 0..<4 {
            #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "hi")
        }
        #expect(free.requests.count == 4)
        #expect(full.requests.count >= 1)
    }

    @Test func `when every node is overloaded, the client gets 503 with Retry-After`() throws {
        let node = try TestResponder { _ in [.end(2), .close] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let response = try harness.get("/")
        #expect(response.status == 503)
        #expect(response.field("Retry-After") == "1")
    }

    @Test func `a response with a status of fastcgi_next_upstream is replaced while another node is left`() throws {
        let bad = try TestResponder { _ in [.stdout("Status: 503\r\n\r\nbad"), .end()] }
        let good = try TestResponder(echo)
        defer { for node in [bad, good] { node.stop() } }
        let harness = try Harness([bad.address, good.address], location: "fastcgi_next_upstream http_503;")
        for _ in 0..<3 { #expect(try harness.get("/").status == 200) }
        #expect(bad.requests.count == 1, "after that the node gets no request for fail_timeout")
        let alone = try Harness([bad.address], location: "fastcgi_next_upstream http_503;")
        #expect(try alone.get("/").text == "bad", "the client gets the response of the last node")
        let post = try Harness(
            ["\(bad.address) weight=9", good.address], location: "fastcgi_next_upstream http_503;")
        #expect(
            try post.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "bad")
        let any = try Harness(
            ["\(bad.address) weight=9", good.address], location: "fastcgi_next_upstream http_503 non_idempotent;")
        #expect(try any.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "hi")
    }

    @Test func `the next node gets the same params, and $request_id is not the client's request id`() throws {
        // The first node is slow, so that $msec has changed when the second node gets the request.
        let (bad, good) = (try TestResponder { _ in [.sleep(.milliseconds(5)), .close] }, try TestResponder(echo))
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

    @Test func `fastcgi_next_upstream_tries limits how many nodes are asked`() throws {
        let nodes = try (0..<3).map { _ in try TestResponder { _ in [.close] } }
        defer { for node in nodes { node.stop() } }
        let harness = try Harness(nodes.map(\.address), location: "fastcgi_next_upstream_tries 2;")
        #expect(try harness.get("/").status == 502)
        #expect(nodes.reduce(0) { $0 + $1.requests.count } == 2)
        let never = try Harness(nodes.map(\.address), location: "fastcgi_next_upstream off;")
        #expect(try never.get("/").status == 502)
        #expect(nodes.reduce(0) { $0 + $1.requests.count } == 3)
    }

    @Test(arguments: [false, true])
    func `a request whose client has gone goes on only with fastcgi_ignore_client_abort on`(
        goesOn: Bool
    ) throws {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            [node.address], location: goesOn ? "fastcgi_ignore_client_abort on;" : "")
        var client: RawClient? = try harness.client()
        client!.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        client = nil
        if goesOn {
            try never("the request ends before the node answers", for: .milliseconds(50)) {
                try harness.get("/lb/stats").text.contains("\"active\":0")
            }
            gate.open()
        }
        try harness.waitForStats("\"active\":0")
    }

    @Test func `a kept connection that the node has closed is replaced, and no request fails`() throws {
        let node = try TestResponder(echo)
        defer { node.stop() }
        let harness = try Harness([node.address])
        for _ in 0..<20 {
            #expect(try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").text == "hi")
            node.dropConnections()
            try node.waitUntilDisconnected()
        }
        #expect(node.requests.count == 20)
    }

    @Test func `a node that does not answer before fastcgi_read_timeout is a 504`() throws {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { _ in [.pass(gate), .close] }
        defer { node.stop() }
        let harness = try Harness([node.address], location: "fastcgi_read_timeout 200ms;")
        let response = try harness.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        #expect(response.status == 504)
        #expect(response.field("Content-Type") == "application/problem+json")
    }

    @Test func `without a reachable node the client gets 502`() throws {
        let harness = try Harness(["unix:/tmp/nobody-listens-here.sock", "127.0.0.1:1"])
        #expect(try harness.get("/").status == 502)
    }

    @Test func `a response that the node breaks off is cut short, so that the client notices`() throws {
        let gate = Gate(isOpen: false)
        let node = try TestResponder { _ in [.stdout("\r\nhalf"), .pass(gate), .close] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        let client = try harness.client()
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        // Wait until the client has received the first bytes. Only after that, let the node close its connection.
        try client.waitForUnread(1)
        gate.open()
        let text = try client.readToEnd()
        #expect(text.contains("half"))
        #expect(!text.hasSuffix("0\r\n\r\n"))
        #expect(node.requests.count == 1)
    }

    @Test func `when a client goes away, its request at the node ends`() throws {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness([node.address])
        var client: RawClient? = try harness.client()
        client!.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        client = nil
        try harness.waitForStats("\"active\":0")
    }
}
