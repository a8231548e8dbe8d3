import FastCGIWire
import Testing

struct ResponseHeadTests {
    private func parse(
        _ text: String, limits: ResponseLimits = ResponseLimits()
    ) throws(FastCGIError) -> CGIResponseHead {
        var parser = CGIResponseHeadParser(limits: limits)
        let bytes = Array(text.utf8)
        let count = try parser.take(bytes.span, 0..<bytes.count)
        #expect(count == bytes.count)
        return parser.head
    }

    @Test(arguments: [
        ("\r\n", 200, ""),
        ("\n", 200, ""),
        ("Content-Type: text/html\r\n\r\n", 200, ""),
        ("Status: 404\r\n\r\n", 404, ""),
        ("status:503 Service Unavailable \n\n", 503, "Service Unavailable"),
        ("STATUS: 200 \r\n\r\n", 200, ""),
        ("Location: /a\r\n\r\n", 302, ""),
        ("Location: /a\r\nStatus: 201 Created\r\n\r\n", 201, "Created"),
        ("Status: 200 OK\r\nLocation: /a\r\n\r\n", 200, "OK"),
        ("Status: 599 x\r\n\r\n", 599, "x"),
    ])
    func `Status decides; without it a Location means 302, otherwise 200`(text: String, status: Int, reason: String)
        throws
    {
        let head = try parse(text)
        #expect(head.status == status)
        #expect(head.text(head.reason) == reason)
    }

    @Test func `Lines keep their order and lose the blanks around values`() throws {
        let head = try parse("A:1\r\nb-C: \t two words \t\r\nD:\nSet-Cookie: x\nSet-Cookie: y:z\r\n\r\n")
        #expect(
            head.fields.map { "\(head.text($0.name))=\(head.text($0.value))" }
                == ["A=1", "b-C=two words", "D=", "Set-Cookie=x", "Set-Cookie=y:z"])
    }

    @Test(arguments: [
        ("Content-Length", KnownResponseField.contentLength), ("content-type", .contentType), ("DATE", .date),
        ("Retry-After", .retryAfter), ("Server", .server), ("X-Request-ID", .xRequestID), ("Connection", .hopByHop),
        ("Keep-Alive", .hopByHop), ("Upgrade", .hopByHop), ("Trailer", .hopByHop), ("TE", .hopByHop),
        ("Proxy-Connection", .hopByHop), ("Location", .location), ("Etag", .other), ("Cookie", .other),
        ("Content-Lengths", .other),
    ])
    func `Names are recognised in upper and lower case`(name: String, known: KnownResponseField) throws {
        #expect(try parse("\(name): 1\r\n\r\n").fields.first?.known == known)
    }

    @Test func `The first header of a kind is found`() throws {
        let head = try parse("Date: one\r\nDate: two\r\n\r\n")
        #expect(head.first(.date).map { head.text($0.value) } == "one")
        #expect(head.first(.server) == nil)
    }

    @Test(arguments: [
        ("A: b\0c\r\n\r\n", FastCGIError.controlByte),
        ("A\0: b\r\n\r\n", .controlByte),
        ("A: b\rc\r\n\r\n", .controlByte),
        ("A: b\r\r\n\r\n", .controlByte),
        ("\r\r\n", .controlByte),
        ("A: \u{7F}\r\n\r\n", .controlByte),
        ("A: b\u{1B}\r\n\r\n", .controlByte),
        (" A: b\r\n\r\n", .foldedField),
        ("A: b\r\n c\r\n\r\n", .foldedField),
        ("A: b\r\n\tc\r\n\r\n", .foldedField),
        ("A : b\r\n\r\n", .malformedField),
        ("A\t: b\r\n\r\n", .malformedField),
        (": b\r\n\r\n", .malformedField),
        ("no colon\r\n\r\n", .malformedField),
        ("nocolon\r\n\r\n", .malformedField),
        ("HTTP/1.1 200 OK\r\n\r\n", .malformedField),
        ("Ä: b\r\n\r\n", .malformedField),
        ("Status: OK\r\n\r\n", .malformedStatus),
        ("Status:\r\n\r\n", .malformedStatus),
        ("Status: 20\r\n\r\n", .malformedStatus),
        ("Status: 2000\r\n\r\n", .malformedStatus),
        ("Status: 099\r\n\r\n", .malformedStatus),
        ("Status: 101 Switching Protocols\r\n\r\n", .malformedStatus),
        ("Status: 600\r\n\r\n", .malformedStatus),
        ("Status: +20 x\r\n\r\n", .malformedStatus),
        ("Status: 200\tOK\r\n\r\n", .malformedStatus),
        ("Status: 200\r\nStatus: 200\r\n\r\n", .duplicateStatus),
        ("Content-Length: 1\r\ncontent-length: 1\r\n\r\n", .duplicateContentLength),
        ("Content-Length:\r\n\r\n", .malformedContentLength),
        ("Content-Length: +1\r\n\r\n", .malformedContentLength),
        ("Content-Length: -1\r\n\r\n", .malformedContentLength),
        ("Content-Length: 1, 1\r\n\r\n", .malformedContentLength),
        ("Content-Length: 0x10\r\n\r\n", .malformedContentLength),
        ("Content-Length: 9999999999999999999\r\n\r\n", .malformedContentLength),
        ("Transfer-Encoding: chunked\r\n\r\n", .transferEncoding),
        ("transfer-encoding: identity\r\n\r\n", .transferEncoding),
        ("Transfer-Encoding:\r\n\r\n", .transferEncoding),
    ])
    func `An ambiguous header is refused`(text: String, error: FastCGIError) {
        #expect(throws: error) { try self.parse(text) }
    }

    @Test func `Bytes beyond ASCII are accepted in values`() throws {
        let head = try parse("A: grüße\r\n\r\n")
        #expect(head.fields.first.map { head.text($0.value) } == "grüße")
    }

    @Test func `The header is limited in bytes and lines, also while it is incomplete`() throws {
        let limits = ResponseLimits(head: 20, fields: 2)
        #expect(try parse("A: 1\r\nB: 2345678\r\n\r\n", limits: limits).fields.count == 2)
        #expect(throws: FastCGIError.headTooLarge) { try parse("A: 1\r\nB: 23456789\r\n\r\n", limits: limits) }
        #expect(throws: FastCGIError.tooManyFields) { try parse("A:\nB:\nC:\n\n", limits: limits) }
        var parser = CGIResponseHeadParser(limits: limits)
        let piece = Array("A: 123".utf8)
        for _ in 0..<3 { #expect(try parser.take(piece.span, 0..<piece.count) == nil) }
        #expect(throws: FastCGIError.headTooLarge) { try parser.take(piece.span, 0..<piece.count) }
    }

    @Test func `The rest of the record is left for the body`() throws {
        var parser = CGIResponseHeadParser()
        let bytes = Array("__A: b\r\n\r\nbody".utf8)
        #expect(try parser.take(bytes.span, 2..<bytes.count) == 8)
    }
}
