import FastCGIWire
import TestSupport
import Testing

struct RequestEncoderTests {
    private func encode(_ write: (inout RequestEncoder, inout [UInt8]) -> Void) -> [UInt8] {
        var encoder = RequestEncoder()
        var out: [UInt8] = []
        write(&encoder, &out)
        return out
    }

    @Test func `A small request is encoded as the specification says`() {
        let bytes = encode { encoder, out in
            let (name, value, body) = (Array("A".utf8), Array("bc".utf8), Array("xyz".utf8))
            encoder.begin(keepsConnection: true, into: &out)
            encoder.param(name.span, value.span, into: &out)
            encoder.endParams(into: &out)
            encoder.body(body.span, into: &out)
            encoder.endBody(into: &out)
            #expect(encoder.isIdle)
        }
        #expect(
            bytes == [1, 1, 0, 1, 0, 8, 0, 0] + [0, 1, 1, 0, 0, 0, 0, 0]
                + [1, 4, 0, 1, 0, 5, 0, 0] + [1, 2, 0x41, 0x62, 0x63] + [1, 4, 0, 1, 0, 0, 0, 0]
                + [1, 5, 0, 1, 0, 3, 0, 0] + [0x78, 0x79, 0x7A] + [1, 5, 0, 1, 0, 0, 0, 0])
    }

    @Test(arguments: [true, false])
    func `A request without params or body has one empty record of each`(keeps: Bool) throws {
        let bytes = encode { encoder, out in
            encoder.begin(keepsConnection: keeps, into: &out)
            encoder.endParams(into: &out)
            let none: [UInt8] = []
            encoder.body(none.span, into: &out)
            encoder.endBody(into: &out)
        }
        let requests = try ResponderView.requests(bytes)
        #expect(requests == [.init(flags: keeps ? 1 : 0, paramRecords: [0], bodyRecords: [0])])
    }

    @Test(arguments: [0, 1, 127, 128, 255, 256, 65_000, 65_535, 65_536, 131_070, 200_000])
    func `Names, values and records of all lengths are within the limits`(length: Int) throws {
        let long = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let bytes = encode { encoder, out in
            let short = Array("SHORT".utf8)
            out = [9, 9, 9]  // bytes of something else in the same buffer
            encoder.begin(keepsConnection: true, into: &out)
            encoder.param(short.span, long.span, into: &out)
            encoder.param(long.span, short.span, into: &out)
            encoder.param(short, into: &out) { $0 += long }
            encoder.endParams(into: &out)
            encoder.endBody(into: &out)
        }
        let request = try #require(try ResponderView.requests(Array(bytes.dropFirst(3))).first)
        let short = Array("SHORT".utf8)
        #expect(request.params == [short, long, long, short, short, long])
        #expect(request.paramRecords.dropLast(2).allSatisfy { $0 == 65_535 })
        #expect(request.paramRecords.last == 0)
        #expect(request.paramRecords.count { $0 == 0 } == 1)
    }

    @Test(arguments: [
        ("Host", "HTTP_HOST"), ("X-Forwarded-For", "HTTP_X_FORWARDED_FOR"), ("x-a1", "HTTP_X_A1"),
        (String(repeating: "a", count: 130), "HTTP_" + String(repeating: "A", count: 130)),
    ])
    func `The name of a header becomes the name of its variable`(header: String, variable: String) throws {
        let bytes = encode { encoder, out in
            let name = Array(header.utf8)
            encoder.begin(keepsConnection: true, into: &out)
            encoder.httpParam(name.span, into: &out) { $0 += "one".utf8 }
            encoder.endParams(into: &out)
            encoder.endBody(into: &out)
        }
        #expect(try ResponderView.requests(bytes).first?[variable] == "one")
    }

    @Test(arguments: [1, 65_535, 65_536, 300_000])
    func `A body is split into as many records as it needs`(length: Int) throws {
        let body = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let bytes = encode { encoder, out in
            encoder.begin(keepsConnection: true, into: &out)
            encoder.endParams(into: &out)
            encoder.body(body.span, into: &out)
            encoder.endBody(into: &out)
        }
        let request = try #require(try ResponderView.requests(bytes).first)
        #expect(request.body == body)
        #expect(request.bodyRecords.count == (length + 65_534) / 65_535 + 1)
    }

    @Test(arguments: 0..<30)
    func `Any sequence of requests is read back unchanged`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var encoder = RequestEncoder()
        var out: [UInt8] = []
        var expected: [ResponderView.Request] = []
        func bytes(_ sizes: Range<Int>) -> [UInt8] {
            let size = Int.random(in: 0..<40, using: &random) == 0 ? 70_000 : Int.random(in: sizes, using: &random)
            return (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        for _ in 0..<4 {
            var request = ResponderView.Request(flags: 1)
            encoder.begin(keepsConnection: true, into: &out)
            for _ in 0..<Int.random(in: 0..<30, using: &random) {
                let (name, value) = (bytes(1..<140), bytes(0..<300))
                request.params += [name, value]
                if Bool.random(using: &random) {
                    encoder.param(name.span, value.span, into: &out)
                } else {
                    encoder.param(name, into: &out) { $0 += value }
                }
            }
            encoder.endParams(into: &out)
            for _ in 0..<Int.random(in: 0..<5, using: &random) {
                let piece = bytes(0..<1_000)
                request.body += piece
                if piece.count.isMultiple(of: 2) || piece.count > 65_535 {
                    encoder.body(piece.span, into: &out)
                } else {
                    encoder.bodyRecord(count: piece.count, into: &out)
                    out += piece
                }
            }
            encoder.endBody(into: &out)
            expected.append(request)
        }
        var requests = try ResponderView.requests(out)
        for index in requests.indices { (requests[index].paramRecords, requests[index].bodyRecords) = ([], []) }
        #expect(requests == expected)
    }

    @Test func `A buffer that has grown once needs no more memory for the next request`() {
        var encoder = RequestEncoder()
        var out: [UInt8] = []
        let (name, value) = (Array("NAME".utf8), [UInt8](repeating: 1, count: 300))
        var capacity = 0
        for round in 0..<10 {
            out.removeAll(keepingCapacity: true)
            encoder.begin(keepsConnection: true, into: &out)
            for _ in 0..<20 { encoder.param(name.span, value.span, into: &out) }
            encoder.endParams(into: &out)
            encoder.endBody(into: &out)
            if round > 0 { #expect(out.capacity == capacity) }
            capacity = out.capacity
        }
    }
}

extension RequestEncoder {
    fileprivate func param(_ name: [UInt8], into out: inout [UInt8], value: (inout [UInt8]) -> Void) {
        var encoded: [UInt8] = []
        let offset = Self.append(name: name.span, to: &encoded)
        param(encoded.span, lengthAt: offset, into: &out, value: value)
    }
}
