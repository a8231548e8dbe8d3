import FastCGIWire
import HTTPWire
import Reactor

@testable import Balancer

/// A simple upstream protocol of text lines: an implementation of ``UpstreamProtocol`` for tests.
///
/// A request has a line with its path and the length of its method's name, then the body, then a line with a dot. A
/// response has a line with its status and the size of its body, then the body. If the size is -1, the end of the
/// connection ends the body. Status 0 means that the peer is overloaded.
final class LineProtocol: UpstreamProtocol {
    private var remaining: Int?
    private(set) var isRequestWritten = true

    func begin(_ exchange: Exchange, time: WallTime, into out: ByteBuffer) {
        isRequestWritten = false
        out.append(exchange.path)
        out.append(" \(exchange.request.head.methodName.count)\n")
    }

    func body(_ bytes: Span<UInt8>, into out: ByteBuffer) { out.append(bytes) }

    func endBody(into out: ByteBuffer) {
        out.append(".\n")
        isRequestWritten = true
    }

    func inputEnded() -> Bool {
        defer { remaining = nil }
        return remaining.map { $0 < 0 } ?? false
    }

    func next(_ bytes: Span<UInt8>, from position: inout Int) throws(UpstreamProtocolError) -> UpstreamEvent {
        if let count = remaining {
            if count == 0 {
                remaining = nil
                return .end(isReusable: isRequestWritten)
            }
            let taken = count < 0 ? bytes.count - position : min(count, bytes.count - position)
            guard taken > 0 else { return .needsMore }
            defer { position += taken }
            if count > 0 { remaining = count - taken }
            return .body(position..<position + taken)
        }
        var end = position
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        guard end < bytes.count else { return .needsMore }
        var line: [UInt8] = []
        for index in position..<end { line.append(bytes[index]) }
        position = end + 1
        let words = String(decoding: line, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
        guard words.count == 2 else { throw UpstreamProtocolError(description: "a line that is none") }
        if words[0] == 0 { return .refused(isOverloaded: true) }
        remaining = words[1]
        var head = UpstreamResponseHead()
        head.status = words[0]
        head.contentLength = words[1] < 0 ? nil : words[1]
        head.bytes = Array("X-Peer lines".utf8)
        head.fields = [ResponseField(name: 0..<6, value: 7..<12, known: .other)]
        return .head(head)
    }
}
