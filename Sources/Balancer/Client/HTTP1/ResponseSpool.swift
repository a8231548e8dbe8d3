internal import NginxConfig
internal import Reactor

/// A file for a part of a response: the slow client has not taken this part yet, and memory has no room for it
/// (`fastcgi_max_temp_file_size`). The bytes in the file are already encoded for the connection.
///
/// The file lets a peer send its whole response without waiting for a slow client, so the peer is free earlier.
final class ResponseSpool {
    private let file: TemporaryFile
    /// The maximum number of bytes in the file. When it is full, the peer has to wait.
    private let limit: Int
    private var written = 0
    private var sent = 0
    /// Whether a part of the response could not be written. If so, the client must not get the bytes that follow.
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
