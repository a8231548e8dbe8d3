import HTTPWire
import Reactor
import TestSupport
import Testing

@testable import Balancer

struct HTTP1WriterTests {
    @Test func `a write that sends the head and then waits for the file has made progress`() throws {
        let folder = TemporaryFolder()
        let file = try OpenFile(Array(folder.write("content", to: "file").utf8))
        let transport = MemoryTransport()
        var writer = HTTP1Writer(buffers: BufferPool())
        writer.beginHead(200, reason: nil, version: .http11, isHead: false, keepsAlive: true, contentLength: file.size)
        writer.endHead()
        writer.file(FilePart(file, offset: 0, count: file.size))
        guard case .blocked(hasProgressed: true) = writer.flush(to: transport, budget: .max) else {
            Issue.record("the send timeout has to start again")
            return
        }
        #expect(transport.takeOutgoing().hasSuffix("\r\n\r\n"))
        writer.isWritable = true
        guard case .blocked(hasProgressed: false) = writer.flush(to: transport, budget: .max) else {
            Issue.record("nothing was sent")
            return
        }
    }
}
