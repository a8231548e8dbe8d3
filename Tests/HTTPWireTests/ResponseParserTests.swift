import HTTPWire
import Testing

@Suite struct ResponseParserTests {
    private func head(_ text: String, isAnswerToHead: Bool = false) throws(HTTPError) -> (ResponseHead, Int?) {
        let bytes = Array(text.utf8)
        var parser = ResponseParser()
        let length = try parser.parse(bytes.span, isAnswerToHead: isAnswerToHead)
        return (parser.head, length)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", false, BodyFraming.length(3), true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, .none, true),
        ("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", false, .chunked, true),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false, .length(0), false),
        ("HTTP/1.1 200 OK\r\n\r\n", false, .untilClose, false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false, .length(0), false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", false, .length(0), true),
        ("HTTP/1.1 204 No Content\r\n\r\n", false, .none, true),
        ("HTTP/1.1 304 \r\nContent-Length: 7\r\n\r\n", false, .none, true),
        ("HTTP/1.1 100 Continue\r\n\r\n", false, .none, true),
    ])
    func `the head decides how the body ends`(text: String, isHead: Bool, body: BodyFraming, isKept: Bool) throws {
        let (head, length) = try head(text, isAnswerToHead: isHead)
        #expect(length == text.utf8.count)
        #expect(head.body == body)
        #expect(head.keepsAlive == isKept)
    }

    @Test(arguments: [
        "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 999 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
    ])
    func `any other form of the status line is refused`(text: String) {
        #expect(throws: HTTPError.malformedStatusLine) { try self.head(text) }
    }

    @Test(arguments: [
        ("Content-Length: 1\r\nTransfer-Encoding: chunked", HTTPError.contentLengthWithTransferEncoding),
        ("Content-Length: 1\r\nContent-Length: 1", .duplicateContentLength),
        ("Content-Length: x", .malformedContentLength),
        ("Transfer-Encoding: gzip", .unsupportedTransferEncoding), ("A : b", .malformedField),
    ])
    func `an ambiguous response is refused`(fields: String, error: HTTPError) {
        #expect(throws: error) { try self.head("HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n") }
    }

    @Test func `a response that is split at any byte gives the same head`() throws {
        let bytes = Array("HTTP/1.1 202 Accepted\r\nLocation: /task/1\r\nContent-Length: 2\r\n\r\n{}".utf8)
        for cut in 0...bytes.count {
            var parser = ResponseParser()
            let early = try parser.parse(bytes.span.extracting(0..<cut), isAnswerToHead: false)
            #expect((early == nil) == (cut < bytes.count - 2))
            #expect(try parser.parse(bytes.span, isAnswerToHead: false) == bytes.count - 2)
            #expect(parser.head.status == 202)
            #expect(bytes.span.text(parser.head.reason) == "Accepted")
            let location = parser.head.fields.first(named: "location", in: bytes.span)
            #expect(location.map { bytes.span.text($0.value) } == "/task/1")
        }
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
    ])
    func `a date is written in HTTP's format`(seconds: Int, text: String) {
        #expect(HTTPDate.text(seconds) == text)
    }
}
