import HTTPWire
import Testing

@Suite struct RequestParserTests {
    @Test func `a simple request is parsed`() {
        let summary = Summary(
            "POST /hash/sha256?wait=5 HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type:application/json\r\n"
                + "X-Empty:\r\nContent-Length: 5 \t\r\n\r\nhello")
        #expect(summary.error == nil)
        #expect(summary.method == "POST")
        #expect(summary.version == .http11)
        #expect(summary.requestURI == "/hash/sha256?wait=5")
        #expect(summary.path == "/hash/sha256")
        #expect(summary.query == "wait=5")
        #expect(summary.authority == "localhost:8000")
        #expect(
            summary.fields == [
                "Host: localhost:8000", "Content-Type: application/json", "X-Empty: ", "Content-Length: 5",
            ])
        #expect(summary.framing == .length(5))
        #expect(summary.body == Array("hello".utf8))
        #expect(summary.keepsAlive)
    }

    @Test func `one parser returns pipelined requests one by one`() throws {
        let stream = Array(
            ("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + "POST /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nhi"
                + "\r\nGET /3 HTTP/1.0\r\n\r\n").utf8)
        var parser = RequestParser()
        var head = RequestHead()
        var offset = 0
        var paths: [String] = []
        while offset < stream.count {
            parser.reset()
            head.reset()
            offset += try #require(try parser.parse(stream.span.extracting(offset..<stream.count), into: &head))
            paths.append(String(decoding: head.path, as: UTF8.self))
            var body = BodyDecoder(head.body)
            while !body.isComplete { offset += try body.next(stream.span.extracting(offset..<stream.count)).consumed }
        }
        #expect(paths == ["/1", "/2", "/3"])
        #expect(offset == stream.count)
    }

    @Test(arguments: HTTPMethod.allCases.filter { ![.connect, .trace, .other].contains($0) })
    func `every method is recognised by its name in capital letters`(method: HTTPMethod) throws {
        for (name, expected) in [(method.rawValue, method), (method.rawValue.lowercased(), .other)] {
            let bytes = Array("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            var parser = RequestParser()
            var head = RequestHead()
            _ = try parser.parse(bytes.span, into: &head)
            #expect(head.method == expected)
        }
    }

    @Test(arguments: KnownHeader.allCases.filter { $0 != .other && $0 != .proxy })
    func `every known header is recognised in upper and lower case, and similar names are not`(header: KnownHeader)
        throws
    {
        let name = header.name
        for (name, expected) in [
            (name, header), (name.uppercased(), header), ("z" + name.dropFirst(), .other),
            (name.dropLast() + "z", .other),
        ] where name != "ze" {
            let value = [.contentLength: "1", .transferEncoding: "chunked", .expect: "100-continue"][header] ?? "a"
            let bytes = Array("GET / HTTP/1.1\r\n\(name): \(value)\r\nHost: a\r\n\r\n".utf8)
            var parser = RequestParser()
            var head = RequestHead()
            do {
                _ = try parser.parse(bytes.span, into: &head)
            } catch {
                #expect(error == .duplicateHost && header == .host)
                continue
            }
            #expect(head.fields[0].known == expected)
        }
    }

    @Test func `a reset head has no part of the previous request, even if the next request line is refused`() throws {
        var parser = RequestParser()
        var head = RequestHead()
        _ = try parser.parse(Array("HEAD /a?b HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\n\r\n".utf8).span, into: &head)
        parser.reset()
        head.reset()
        #expect(throws: HTTPError.self) { _ = try parser.parse(Array("G@T / HTTP/1.1\r\n\r\n".utf8).span, into: &head) }
        #expect(head.method == .other)
        #expect(head.version == .http11)
        #expect(head.authority == nil && head.query == nil && head.path.isEmpty)
    }

    @Test func `lines with the same name are linked`() throws {
        let bytes = Array(
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nCookie: c=1\r\nx-a: 2\r\nCOOKIE: d=2\r\nX-a: 3\r\n\r\n".utf8)
        var parser = RequestParser()
        var head = RequestHead()
        _ = try parser.parse(bytes.span, into: &head)
        let fields = head.fields
        #expect(fields.indices.map { fields[$0].next } == [nil, 3, 4, 5, nil, nil])
        #expect(fields.indices.map { fields[$0].isRepetition } == [false, false, false, true, true, true])
        #expect(fields.first(.cookie).map { bytes.span.text($0.value) } == "c=1")
        #expect(fields.first(named: "x-a", in: bytes.span).map { bytes.span.text($0.value) } == "1")
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "close", false), ("HTTP/1.1", "x , CLOSE", false),
        ("HTTP/1.1", "keep-alive", true), ("HTTP/1.0", "", false), ("HTTP/1.0", "Keep-Alive", true),
        ("HTTP/1.0", "keep-alive, close", false), ("HTTP/1.2", "", true),
    ])
    func `the version and Connection decide whether the connection is kept`(
        version: String, connection: String, keepsAlive: Bool
    ) {
        let field = connection.isEmpty ? "" : "Connection: \(connection)\r\n"
        #expect(Summary("GET / \(version)\r\nHost: a\r\n\(field)\r\n").keepsAlive == keepsAlive)
    }

    @Test func `hop-by-hop headers are marked, including those that Connection names`() {
        let summary = Summary(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Mine\r\nx-mine: 1\r\nTE: trailers\r\nUpgrade: x\r\n"
                + "Keep-Alive: 5\r\nProxy-Connection: b\r\nTrailer: c\r\nProxy-Authorization: d\r\nX-Other: 2\r\n\r\n")
        #expect(
            summary.fields.filter { !$0.hasSuffix("(hop-by-hop)") } == ["Host: a", "X-Other: 2"])
    }

    @Test(arguments: [
        ("HTTP/1.1", "100-continue", true, 200), ("HTTP/1.1", "100-Continue", true, 200),
        ("HTTP/1.0", "100-continue", false, 200), ("HTTP/1.1", "tea", false, 417), ("HTTP/1.0", "tea", false, 200),
    ])
    func `100-continue is the only expectation`(version: String, value: String, waits: Bool, status: Int) {
        let summary = Summary("PUT / \(version)\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: 1\r\n\r\nx")
        #expect(summary.expectsContinue == waits)
        #expect(summary.status == status)
    }

    @Test func `a request without a body does not expect 100 Continue`() {
        #expect(!Summary("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").expectsContinue)
    }

    @Test func `the limits are exact`() {
        let head = "GET /abc HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n"
        var limits = HTTPLimits()
        limits.requestLine = 19
        limits.head = head.utf8.count
        limits.fields = 2
        #expect(Summary(head, limits: limits).isComplete)
        for (path, error) in [
            (\HTTPLimits.requestLine, HTTPError.requestLineTooLong), (\.head, .headTooLarge),
            (\.fields, .tooManyFields),
        ] {
            var less = limits
            less[keyPath: path] -= 1
            #expect(Summary(head, limits: less).error == error)
        }
        // The limits also apply to a head whose end never arrives.
        #expect(Summary("GET /" + String(repeating: "a", count: 9_000)).error == .requestLineTooLong)
        #expect(Summary("GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 33_000)).error == .headTooLarge)
        #expect(Summary(String(repeating: "\r\n", count: 20_000)).error == .headTooLarge)
        let line = "A: b\r\n"
        #expect(Summary("GET / HTTP/1.1\r\n" + String(repeating: line, count: 101)).error == .tooManyFields)
    }

    @Test func `a header may be repeated 40,000 times if the limits allow it`() {
        var limits = HTTPLimits()
        limits.head = 1 << 20
        limits.fields = 50_000
        let head = "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: 40_000) + "\r\n"
        #expect(Summary(head, limits: limits).isComplete)
    }

    @Test func `a parser that has failed stays failed until it is reset`() throws {
        let bad = Array("GET\r\n".utf8)
        let good = Array("GET / HTTP/1.0\r\n\r\n".utf8)
        var parser = RequestParser()
        var head = RequestHead()
        #expect(throws: HTTPError.malformedRequestLine) { try parser.parse(bad.span, into: &head) }
        #expect(throws: HTTPError.malformedRequestLine) { try parser.parse(good.span, into: &head) }
        parser.reset()
        head.reset()
        #expect(try parser.parse(good.span, into: &head) == good.count)
        #expect(try parser.parse(good.span, into: &head) == good.count)
    }

    @Test(arguments: HTTPError.allCases)
    func `every error has a status and a description`(error: HTTPError) {
        #expect((400...505).contains(error.status))
        #expect(HTTPStatus.reason(error.status) != "Unknown")
        #expect(!"\(error)".isEmpty)
    }

    @Test func `other bytes in names are accepted if the rules say so, but not as a variant of a known header`() throws
    {
        func names(_ change: (inout RequestRules) -> Void) throws -> [String] {
            let text =
                "GET / HTTP/1.0\r\nA_B: 1\r\nA-B: 2\r\nC.D: 3\r\nTransfer_Encoding: chunked\r\n"
                + "Content_Length: 5\r\nX_Request-ID: x\r\nProxy: p\r\na-b: 4\r\n\r\n"
            let bytes = Array(text.utf8)
            var parser = RequestParser()
            var head = RequestHead()
            change(&parser.rules)
            _ = try parser.parse(bytes.span, into: &head)
            #expect(head.body == .none)
            let fields = head.fields
            return fields.indices.map { bytes.span.text(fields[$0].name) + (fields[$0].isRepetition ? "+" : "") }
        }
        #expect(try names { _ in } == ["A-B", "a-b+"])
        #expect(try names { $0.takesUnderscores = true } == ["A_B", "A-B+", "a-b+"])
        #expect(try names { $0.dropsInvalidNames = false } == ["A_B", "A-B+", "C.D", "a-b+"])
    }
}
