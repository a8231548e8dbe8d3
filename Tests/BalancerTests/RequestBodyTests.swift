import Testing

@testable import Balancer

struct RequestBodyTests {
    @Test func `a body is held until there is a peer, and passed on after that`() {
        var body = RequestBody()
        #expect(receive(&body, 3) == .memory)
        #expect(body.isHeld)
        #expect(receive(&body, 4, hasUpstream: true) == .upstream)
        #expect(!body.isHeld, "another peer could not have these bytes")
        #expect(body.count == 7)
    }

    @Test func `a buffered body goes to a file when memory is full`() {
        var body = RequestBody()
        body.isBuffered = true
        #expect(receive(&body, 10) == .memory)
        body.held = [UInt8](repeating: 0, count: 10)
        #expect(body.isMemoryFull(10))
        #expect(!body.isFull(10), "no peer is asked before all of it is here")
        #expect(receive(&body, 1) == .file)
        #expect(body.isHeld)
    }

    @Test func `a body that is not buffered is full at its limit, which is at least one byte`() {
        var body = RequestBody()
        #expect(!body.isFull(0))
        body.held = [1]
        #expect(body.isFull(0))
        #expect(!body.isFull(2))
    }

    @Test func `unwanted bytes are only counted`() {
        var body = RequestBody()
        #expect(receive(&body, 5, passesBody: false) == .nowhere)
        body.discard()
        #expect(receive(&body, 5, hasUpstream: true) == .nowhere)
        #expect(body.count == 10 && body.isHeld)
    }

    @Test func `the next body reuses the memory of this one, unless it is large`() {
        var body = RequestBody()
        body.held.reserveCapacity(1000)
        body.held.append(1)
        body.isBuffered = true
        body.ended()
        body.discard()
        body.reset()
        #expect(body.held.isEmpty && body.held.capacity >= 1000)
        #expect(!body.isBuffered && body.isHeld && !body.isComplete && !body.isUnwanted && body.count == 0)
        var large = RequestBody()
        large.held = [UInt8](repeating: 0, count: 1 << 20)
        large.reset()
        #expect(large.held.capacity == 0)
    }

    private func receive(
        _ body: inout RequestBody, _ count: Int, hasUpstream: Bool = false, passesBody: Bool = true
    ) -> RequestBody.Destination {
        body.receive(count, hasUpstream: hasUpstream, passesBody: passesBody, limit: 10)
    }
}
