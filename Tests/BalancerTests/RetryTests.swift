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
