internal import NginxConfig
internal import Reactor

/// The part of a response that a slow client has not taken and that memory has no room for: in a file, framed for the
/// connection (`fastcgi_max_temp_file_size`).
///
/// So a peer is done when it has sent its response, not when the client has taken it.
final class ResponseSpool {
    private let file: TemporaryFile
    /// Bytes that the file may hold; then the peer has to wait.
    private let limit: Int
    private var written = 0
    private var sent = 0
    /// A part of the response could not be written: the client must not get what follows it.
    var isBroken = false

    init(_ settings: BufferingSettings) throws(SystemError) {
        file = try TemporaryFile(in: settings.responseFolder ?? TemporaryFile.standardFolder)
        limit = settings.maxTempFileSize
    }

    var isFull: Bool { written >= limit }
    var isSent: Bool { sent == written }

    func append(_ buffer: ByteBuffer) throws(SystemError) {
        let end = written
        try buffer.withSpan { bytes throws(SystemError) in try file.write(bytes, at: end) }
        written += buffer.count
    }

    func send(to transport: any Transport, atMost limit: Int) -> IOOutcome {
        let part = FilePart(file, offset: sent, count: written - sent)
        let outcome = transport.send(part, atMost: limit)
        if case .bytes(let count) = outcome { sent += count }
        return outcome
    }
}
