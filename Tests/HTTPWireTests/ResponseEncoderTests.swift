import HTTPWire
import TestSupport
import Testing

@Suite struct ResponseEncoderTests {
    private func response(
        _ status: Int, version: HTTPVersion = .http11, isHead: Bool = false, keepAlive: Bool = true, length: Int?,
        body: [String] = []
    ) -> (text: String, isKept: Bool) {
        var encoder = ResponseEncoder()
        var out: [UInt8] = []
        encoder.begin(
            status, version: version, isHead: isHead, keepAlive: keepAlive, contentLength: length, into: &out)
        encoder.field("X-A", "b", into: &out)
        encoder.endHead(into: &out)
        for part in body { encoder.body(Array(part.utf8).span, into: &out) }
        let isKept = encoder.end(into: &out)
        return (String(decoding: out, as: UTF8.self), isKept)
    }

    @Test func `a known length is announced`() {
        let (text, isKept) = response(200, length: 5, body: ["he", "llo"])
        #expect(text == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello")
        #expect(isKept)
    }

    @Test func `an unknown length is chunked in HTTP/1.1`() {
        let (text, isKept) = response(
            202, length: nil, body: ["hello", "", String(repeating: "x", count: 17)])
        #expect(
            text == "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n5\r\nhello\r\n11\r\n"
                + String(repeating: "x", count: 17) + "\r\n0\r\n\r\n")
        #expect(isKept)
    }

    @Test func `an unknown length ends with the connection in HTTP/1.0`() {
        let (text, isKept) = response(200, version: .http10, length: nil, body: ["hello"])
        #expect(text == "HTTP/1.1 200 OK\r\nConnection: close\r\nX-A: b\r\n\r\nhello")
        #expect(!isKept)
    }

    @Test func `Connection is keep-alive for HTTP/1.0 if it is kept, and close for HTTP/1.1 if it is not`() {
        #expect(response(200, version: .http10, length: 0).text.contains("Connection: keep-alive\r\n"))
        let (text, isKept) = response(200, keepAlive: false, length: 0)
        #expect(text == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\nX-A: b\r\n\r\n")
        #expect(!isKept)
    }

    @Test func `responses to HEAD and with 204 or 304 have no body, whatever is written`() {
        let (head, headKept) = response(200, isHead: true, length: 5, body: ["hello"])
        #expect(head == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\n")
        #expect(headKept)
        #expect(response(200, isHead: true, length: nil, body: ["x"]).text == "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n")
        #expect(response(204, length: 0, body: ["x"]).text == "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n")
        #expect(
            response(304, length: 9, body: ["x"]).text
                == "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nX-A: b\r\n\r\n")
        #expect(response(204, version: .http10, length: nil).isKept)
    }

    @Test func `bytes beyond the length are dropped, and missing bytes close the connection`() {
        let (text, isKept) = response(200, length: 4, body: ["hel", "lo"])
        #expect(text.hasSuffix("\r\n\r\nhell"))
        #expect(isKept)
        #expect(!response(200, length: 6, body: ["hello"]).isKept)
    }

    @Test func `a value cannot end its line`() {
        var out: [UInt8] = []
        ResponseEncoder().field("X-A", "b\r\nSet-Cookie: c\0", into: &out)
        #expect(String(decoding: out, as: UTF8.self) == "X-A: b  Set-Cookie: c \r\n")
    }

    @Test func `a response that is aborted closes the connection`() {
        var encoder = ResponseEncoder()
        var out: [UInt8] = []
        encoder.begin(200, version: .http11, keepAlive: true, contentLength: nil, into: &out)
        encoder.endHead(into: &out)
        encoder.abort()
        let before = out.count
        let isKept = encoder.end(into: &out)
        #expect(!isKept)
        #expect(out.count == before)
    }

    @Test func `a written response is parsed to the same response`() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            let parts = (0..<Int.random(in: 0...4, using: &generator))
                .map { _ in String(repeating: "y", count: Int.random(in: 0...5_000, using: &generator)) }
            let total = parts.reduce(0) { $0 + $1.utf8.count }
            let text = response(200, length: Bool.random(using: &generator) ? total : nil, body: parts).text
            let bytes = Array(text.utf8)
            var parser = ResponseParser()
            var offset = try #require(try parser.parse(bytes.span, isAnswerToHead: false))
            var decoder = BodyDecoder(parser.head.body)
            while !decoder.isComplete {
                offset += try decoder.next(bytes.span.extracting(offset..<bytes.count)).consumed
            }
            #expect(offset == bytes.count)
            #expect(decoder.count == total)
        }
    }
}
