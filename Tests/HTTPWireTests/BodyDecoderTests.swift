import HTTPWire
import Testing

@Suite struct BodyDecoderTests {
    /// Decodes a chunked body that is received in pieces of `step` bytes.
    /// - Returns: the data, the number of bytes that follow the body, and whether the body is complete.
    private func decode(
        _ text: String, step: Int = .max, maxBytes: Int = .max, limits: HTTPLimits = HTTPLimits()
    ) throws(HTTPError) -> (data: String, rest: Int, isComplete: Bool) {
        let bytes = Array(text.utf8)
        var decoder = BodyDecoder(.chunked, maxBytes: maxBytes, limits: limits)
        var data: [UInt8] = []
        var offset = 0
        while offset < bytes.count, !decoder.isComplete {
            let end = step < bytes.count - offset ? offset + step : bytes.count
            let piece = try decoder.next(bytes.span.extracting(offset..<end))
            data += bytes[(offset + piece.data.lowerBound)..<(offset + piece.data.upperBound)]
            offset += piece.consumed
        }
        #expect(decoder.count == data.count)
        return (String(decoding: data, as: UTF8.self), bytes.count - offset, decoder.isComplete)
    }

    @Test(arguments: [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("000005\r\nhello\r\n000\r\n\r\n", "hello"),
        ("a\r\n0123456789\r\n1\r\n!\r\n0\r\n\r\n", "0123456789!"), ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("5;name=value;b=\"c\"\r\nhello\r\n0;x\r\n\r\n", "hello"), ("5; x\r\nhello\r\n0\r\n\r\n", "hello"),
        ("2\r\nab\r\n0\r\nTrailer: dropped\r\nB: c\r\n\r\n", "ab"), ("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
    ])
    func `chunks are joined, extensions and trailers are dropped`(text: String, data: String) throws {
        for step in [1, 2, 3, 7, .max] {
            let result = try decode(text + "GET /next", step: step)
            #expect(result.data == data)
            #expect(result.isComplete)
            #expect(result.rest == 9)
        }
    }

    @Test(arguments: [
        "\r\n", "g\r\n", "-1\r\n", "+5\r\nhello\r\n", "0x5\r\nhello\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n",
        "5 ;a\r\nhello\r\n", "5;\r\nhello\r\n", "5;=\r\nhello\r\n", "5_\r\n", "5\u{0}\r\n", "5\r\nhello0\r\n\r\n",
        "5\r\nhelloX\r\n", "5\r\nhello\rX", "5\r\nhello\r\n\r\n", "5\rX", "5;a\0\r\n", "5;a\rb", "0\r\nA: b\rc\r\n\r\n",
        "0\r\nA\0: b\r\n\r\n", "0\r\n\rX",
        "8000000000000000\r\n", "ffffffffffffffffff\r\n", "10000000000000005\r\nhello\r\n",
    ])
    func `malformed chunks are 400`(text: String) {
        for step in [1, 2, .max] {
            #expect(throws: HTTPError.malformedChunk) { try self.decode(text, step: step) }
        }
    }

    @Test(arguments: [
        "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r\n0\n\r\n", "5\r\nhello\r\n0\r\n\n",
        "5;a\nhello\r\n", "0\r\nA: b\n\r\n",
    ])
    func `a bare LF in chunked framing is 400`(text: String) {
        #expect(throws: HTTPError.malformedChunk) { try self.decode(text) }
    }

    @Test func `extensions, trailers and small chunks are limited`() {
        let long = String(repeating: "x", count: 600)
        #expect(throws: HTTPError.chunkOverheadTooLarge) { try self.decode("5;\(long)\r\n") }
        #expect(throws: HTTPError.chunkOverheadTooLarge) { try self.decode(String(repeating: "0", count: 600)) }
        #expect(throws: HTTPError.trailersTooLarge) {
            try self.decode("0\r\n" + String(repeating: "A: \(long)\r\n", count: 20))
        }
        let padded = String(repeating: "1;\(String(repeating: "x", count: 400))\r\na\r\n", count: 100)
        #expect(throws: HTTPError.chunkOverheadTooLarge) { try self.decode(padded) }
        // One-byte chunks without extensions are slow, but valid.
        let small = String(repeating: "1\r\na\r\n", count: 10_000) + "0\r\n\r\n"
        #expect(throws: Never.self) { try self.decode(small) }
    }

    @Test func `a body above the maximum is 413, as soon as its size is known`() throws {
        #expect(try decode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", maxBytes: 5).data == "abcde")
        #expect(throws: HTTPError.bodyTooLarge) { try self.decode("3\r\nabc\r\n3\r\n", maxBytes: 5) }
        var decoder = BodyDecoder(.length(6), maxBytes: 5)
        let none: [UInt8] = []
        #expect(throws: HTTPError.bodyTooLarge) { try decoder.next(none.span) }
        #expect(HTTPError.bodyTooLarge.status == 413)
    }

    @Test func `a body with a length has exactly that many bytes`() throws {
        let bytes = Array("hello, world".utf8)
        var decoder = BodyDecoder(.length(5))
        let first = try decoder.next(bytes.span.extracting(0..<2))
        #expect(first.data == 0..<2 && first.consumed == 2)
        #expect(!decoder.isComplete)
        #expect(throws: HTTPError.truncated) {
            var cut = decoder
            try cut.endOfInput()
        }
        let second = try decoder.next(bytes.span.extracting(2..<12))
        #expect(second.data == 0..<3 && second.consumed == 3)
        #expect(decoder.isComplete)
        #expect(try decoder.next(bytes.span).consumed == 0)
        #expect(BodyDecoder(.none).isComplete)
        #expect(BodyDecoder(.length(0)).isComplete)
    }

    @Test func `a body that ends with the connection ends with the input`() throws {
        let bytes = Array("hello".utf8)
        var decoder = BodyDecoder(.untilClose)
        #expect(try decoder.next(bytes.span).data == 0..<5)
        #expect(!decoder.isComplete)
        try decoder.endOfInput()
        #expect(decoder.isComplete)
    }
}
