import FastCGIWire
import TestSupport
import Testing

struct FastCGIClientMachineTests {
    private func read(_ bytes: [UInt8], isHead: Bool = false, sendsAll: Bool = true) -> Reply {
        Reply.read(bytes, pieces: [bytes.count], isHead: isHead, sendsAll: sendsAll)
    }

    @Test func `A response is parsed`() {
        let reply = read(
            stdout("Status: 202 Accepted\r\nContent-Type: text/plain\r\n\r\nhe") + stderr("a warning")
                + stdout("llo", padding: 5) + stdout("") + end())
        #expect(
            reply
                == Reply(
                    status: 202, reason: "Accepted", fields: ["Status: 202 Accepted", "Content-Type: text/plain"],
                    body: Array("hello".utf8), diagnostics: Array("a warning".utf8), isReusable: true))
    }

    @Test(arguments: [
        stdout("Status: 404 Not Found\r\nX-A: b\r\n\r\n0123456789") + stdout("") + end(application: 3),
        stderr("e1") + stdout("Content-Length: 5\n\nabc", padding: 7) + stderr("e2") + stdout("de") + end(padding: 9),
        stdout("A: b") + stdout("\r") + stdout("\n\r") + stdout("\nbody", padding: 255) + end(),
        stdout("Location: /x\n\n") + end(),
        stdout("A: b\r\n\r\nbody") + end(2),
        stdout("A: b\r\nA: \u{1}\r\n\r\n") + end(),
        stdout("A: b\r\n\r\n") + end() + [1],
    ])
    func `It does not matter where reads split the bytes`(bytes: [UInt8]) {
        let whole = read(bytes)
        for cut in 1..<bytes.count {
            // If bytes follow the end of the response, the read that returns the end may also return these bytes, or a
            // later read returns them. Only `isReusable` depends on this.
            var split = Reply.read(bytes, pieces: [cut])
            if whole.error == .bytesAfterEnd { split.isReusable = whole.isReusable }
            #expect(split == whole, "split at \(cut)")
        }
        var single = Reply.read(bytes, pieces: Array(repeating: 1, count: bytes.count))
        if whole.error == .bytesAfterEnd { single.isReusable = whole.isReusable }
        #expect(single == whole)
    }

    @Test(arguments: 0..<60)
    func `Random responses in random records and reads are parsed to the same response`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let body = (0..<Int.random(in: 0..<5_000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
        }
        let fields = (0..<Int.random(in: 1..<10, using: &random)).map { "X-\($0): value \(seed)" }
        var output = Array((fields.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
        var log: [UInt8] = []
        var bytes: [UInt8] = []
        while !output.isEmpty {
            let size = min(output.count, Int.random(in: 1..<700, using: &random))
            bytes += record(6, Array(output.prefix(size)), padding: .random(in: 0..<9, using: &random))
            output.removeFirst(size)
            if Int.random(in: 0..<4, using: &random) == 0 {
                bytes += stderr("line")
                log += Array("line".utf8)
            }
        }
        bytes += end()
        let pieces = (0..<bytes.count).map { _ in Int.random(in: 1..<900, using: &random) }
        let reply = Reply.read(bytes, pieces: pieces)
        #expect(reply == Reply(status: 200, fields: fields, body: body, diagnostics: log, isReusable: true))
    }

    @Test(arguments: 0..<200)
    func `Random bytes give an error or need more bytes, but never trap`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = stdout("Status: 200 OK\r\nContent-Length: 3\r\n\r\nabc", padding: 3) + stderr("x") + end()
        for _ in 0..<Int.random(in: 1..<6, using: &random) {
            bytes[.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
        }
        let pieces = (0..<bytes.count).map { _ in Int.random(in: 1..<20, using: &random) }
        _ = Reply.read(bytes, pieces: pieces)
        let noise = (0..<200).map { _ in UInt8.random(in: 0...3, using: &random) }
        _ = Reply.read(noise, pieces: pieces)
    }

    @Test(arguments: [
        (record(6, version: 2), FastCGIError.unknownVersion),
        (record(0), .unknownRecordType),
        (record(12), .unknownRecordType),
        (record(11, [0, 0, 0, 0, 0, 0, 0, 0]), .unexpectedRecord),
        (record(10), .unexpectedRecord),
        (record(5), .unexpectedRecord),
        (record(6, id: 2), .wrongRequestID),
        (record(6, id: 257), .wrongRequestID),
        (record(10, id: 0), .wrongRequestID),
        (record(3, [0, 0, 0, 0, 0, 0, 0]), .malformedEndRequest),
        (record(3, [0, 0, 0, 0, 0, 0, 0, 0, 0]), .malformedEndRequest),
        (end(4), .unknownProtocolStatus),
        (end(), .endedWithinHead),
        (stdout("A: b\r\n") + end(), .endedWithinHead),
        (stdout("A: b\r\n\r\n") + end(2), .closedEarly),
        (stdout("A: b\r\n\r\n") + end() + [0], .bytesAfterEnd),
        (stdout("A: b\r\n\r\n") + end() + stdout("more"), .bytesAfterEnd),
        (stdout("Content-Length: 4\r\n\r\nabc") + end(), .bodyTooShort),
        ([], .closedEarly),
        (stdout("A: b\r\n\r\nabc"), .closedEarly),
        (Array(stdout("A: b\r\n\r\nabc").dropLast()), .closedEarly),
    ])
    func `What a responder must not send is refused`(bytes: [UInt8], error: FastCGIError) {
        #expect(read(bytes).error == error)
    }

    @Test(arguments: [(UInt8(1), EndRequest.ProtocolStatus.cannotMultiplex), (2, .overloaded), (3, .unknownRole)])
    func `A responder that rejects a request is not reported as one that failed`(
        code: UInt8, status: EndRequest.ProtocolStatus
    ) {
        let reply = read(stderr("busy") + end(code))
        #expect(reply.rejection == status)
        #expect(reply.error == nil)
        #expect(reply.isReusable == nil)
    }

    @Test func `Body bytes beyond the Content-Length are dropped, and the connection stays usable`() {
        let reply = read(stdout("Content-Length: 3\r\n\r\nabcdef") + stdout("ghi") + end())
        #expect(reply.text == "abc")
        #expect(reply.isReusable == true)
    }

    @Test(arguments: [
        ("Status: 304\r\nContent-Length: 9\r\n\r\n", false), ("Status: 204 No Content\r\n\r\nstray", false),
        ("Content-Length: 9\r\n\r\n", true), ("Content-Length: 9\r\n\r\n123456789", true),
    ])
    func `A response that cannot have a body needs none, and its body bytes are dropped`(output: String, isHead: Bool) {
        let reply = read(stdout(output) + end(), isHead: isHead)
        #expect(reply.body.isEmpty)
        #expect(reply.isReusable == true)
    }

    @Test func `An end before the request is completely sent makes the connection unusable`() {
        let reply = read(stdout("A: b\r\n\r\nok") + end(), sendsAll: false)
        #expect(reply.text == "ok")
        #expect(reply.isReusable == false)
    }

    @Test func `Without FCGI_KEEP_CONN the connection is not reused`() {
        var exchange = FastCGIClientMachine()
        var out: [UInt8] = []
        exchange.begin(keepsConnection: false, into: &out)
        exchange.encoder.endParams(into: &out)
        exchange.encoder.endBody(into: &out)
        #expect(Reply.read(stdout("A: b\r\n\r\n") + end(), pieces: [], with: &exchange).isReusable == false)
    }

    @Test func `One machine carries request after request`() {
        var exchange = FastCGIClientMachine()
        var out: [UInt8] = []
        for round in 0..<5 {
            #expect(exchange.isIdle)
            exchange.begin(keepsConnection: true, into: &out)
            #expect(!exchange.isIdle)
            exchange.encoder.endParams(into: &out)
            exchange.encoder.endBody(into: &out)
            let reply = Reply.read(
                stdout("X-Round: \(round)\r\n\r\n\(round)") + end(application: UInt8(round)), pieces: [7, 9],
                with: &exchange)
            #expect(reply.fields == ["X-Round: \(round)"])
            #expect(reply.text == "\(round)")
            #expect(reply.isReusable == true)
            #expect(exchange.applicationStatus == UInt32(round))
        }
    }

    @Test func `Bytes on an idle connection are an error`() {
        var exchange = FastCGIClientMachine()
        #expect(Reply.read([1], pieces: [], with: &exchange).error == .bytesAfterEnd)
        #expect(Reply.read([], pieces: [], with: &exchange).error == .bytesAfterEnd)
    }

    @Test func `Errors contain no bytes of the responder, and each has its own description`() {
        let descriptions = FastCGIError.allCases.map(\.description)
        #expect(Set(descriptions).count == descriptions.count)
    }
}
