internal import NginxConfig
internal import Reactor

/// What of a request's body does not fit into memory, on its way to a node: in a file, from which it can be sent again.
struct RequestSpool {
    private let file: TemporaryFile
    private(set) var count = 0
    private(set) var sent = 0

    init(in folder: String?) throws(SystemError) {
        file = try TemporaryFile(in: folder ?? TemporaryFile.standardFolder)
    }

    var isSent: Bool { sent == count }

    mutating func append(_ bytes: Span<UInt8>) throws(SystemError) {
        try file.write(bytes, at: count)
        count += bytes.count
    }

    /// The next piece goes into `buffer`.
    mutating func read(into buffer: ByteBuffer, atMost limit: Int) throws(SystemError) {
        let piece = min(limit, count - sent)
        try file.read(into: buffer, at: sent, count: piece)
        sent += piece
    }

    /// For another node.
    mutating func rewind() { sent = 0 }
}

extension Exchange {
    private static let pieceSize = 64 * 1024

    /// `fastcgi_request_buffering`: what memory has no room for goes to a file.
    func spool(_ bytes: Span<UInt8>) {
        do throws(SystemError) {
            if requestSpool == nil {
                requestSpool = try RequestSpool(in: location.settings.fastCGI.buffering.requestFolder)
            }
            try requestSpool!.append(bytes)
        } catch {
            log(.crit, "\(error) while buffering a request's body")
            mustClose = true
            refuse(.configured(500))
        }
    }

    /// Hands the node as much of the file as it takes now.
    /// - Returns: false when the node had to be given up
    func sendSpool(to connection: UpstreamConnection) -> Bool {
        guard requestSpool?.isSent == false else { return true }
        let buffer = loop.events.buffers.take()
        defer { loop.events.buffers.giveBack(buffer) }
        while !requestSpool!.isSent, connection.backlog < Self.congestion {
            do throws(SystemError) {
                try requestSpool!.read(into: buffer, atMost: Self.pieceSize)
            } catch {
                log(.crit, "\(error) while sending a request's body")
                mustClose = true
                refuse(.configured(500))
                return false
            }
            buffer.withSpan { connection.body($0) }
            buffer.removeAll()
        }
        if requestSpool!.isSent, isBodyComplete { connection.endBody() }
        return true
    }
}
