import Reactor

@testable import Balancer

/// A client in memory: an implementation of ``ClientStream`` without HTTP/1. It stores the parts of the response
/// instead of encoding them as a message.
final class MemoryClient: ClientStream {
    private(set) var status = 0
    private(set) var contentLength: Int?
    private(set) var fields: [(name: String, value: String)] = []
    private(set) var body: [UInt8] = []
    private(set) var isEnded = false
    private(set) var isAborted = false
    private(set) var resumes = 0
    /// The number of response bytes that the client has not taken yet.
    var responseBacklog = 0
    var exchange: Exchange?

    func value(of name: String) -> String? { fields.first { $0.name == name }?.value }
    var text: String { String(decoding: body, as: UTF8.self) }

    var responseBytesSent: Int { body.count }
    var responseHeadBytes: Int { 0 }

    func beginResponse(_ status: Int, reason: String?, contentLength: Int?, mayKeepAlive: Bool) {
        self.status = status
        self.contentLength = contentLength
    }

    func responseField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        fields.append((Self.text(name).lowercased(), Self.text(value)))
    }

    private static func text(_ span: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        for index in span.indices { bytes.append(span[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }

    func endResponseHead() {}

    func responseBody(_ bytes: Span<UInt8>) {
        for index in bytes.indices { body.append(bytes[index]) }
    }

    func responseFile(_ part: FilePart) {}

    func endResponse() {
        isEnded = true
        exchange?.complete()
    }

    func abortResponse() { isAborted = true }
    func dropConnection(resets: Bool) { isAborted = true }
    func flushResponse() {}
    func resumeRequestBody() { resumes += 1 }
}
