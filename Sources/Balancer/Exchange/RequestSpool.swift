internal import Reactor

/// A file with the part of a request's body that does not fit into memory. It can be sent to one peer after another.
struct RequestSpool {
    private let file: TemporaryFile
    private(set) var count = 0
    private(set) var sent = 0

    /// - Parameter folder: `client_body_temp_path`; nil for the system's folder for temporary files.
    init(in folder: String?) throws(SystemError) {
        file = try TemporaryFile(in: folder ?? TemporaryFile.standardFolder)
    }

    var isSent: Bool { sent == count }

    mutating func append(_ bytes: Span<UInt8>) throws(SystemError) {
        try file.write(bytes, at: count)
        count += bytes.count
    }

    /// Reads the next piece into `buffer`, at most `limit` bytes.
    mutating func read(into buffer: ByteBuffer, atMost limit: Int) throws(SystemError) {
        let piece = min(limit, count - sent)
        try file.read(into: buffer, at: sent, count: piece)
        sent += piece
    }

    /// Starts at the first byte again, because another peer gets the body.
    mutating func rewind() { sent = 0 }
}
