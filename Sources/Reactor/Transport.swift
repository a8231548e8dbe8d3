internal import Glibc

/// Reads and writes the bytes of a connection. The code of a network protocol does not need to know how its bytes are
/// sent.
///
/// ``Socket`` sends the bytes unencrypted. A TLS session would be another transport. When a read or write would block,
/// callers wait for *any* event of the descriptor, because TLS may have to write in order to read.
package protocol Transport {
    /// The descriptor for the event loop.
    var descriptor: CInt { get }
    /// Whether the bytes are encrypted. If so, `$scheme` is `https`.
    var isEncrypted: Bool { get }
    /// The address of this end of the connection.
    var localAddress: SocketAddress? { get }
    /// What the kernel has measured on the connection; nil if it is not TCP.
    var tcpInfo: TCPInfo? { get }
    /// The error of the connection attempt as `errno`; 0 if there is none.
    var pendingError: CInt { get }

    /// Reads up to `limit` bytes and appends them to `buffer`.
    func read(into buffer: ByteBuffer, atMost limit: Int) -> IOOutcome
    /// Writes as many bytes as are accepted now.
    func write(_ bytes: UnsafeRawBufferPointer) -> IOOutcome
    /// Writes `buffer` and then the pieces, as many bytes as are accepted now. The written bytes stay in `buffer` and
    /// in the pieces.
    func write(_ pieces: LentPieces, after buffer: ByteBuffer?) -> IOOutcome
    /// Sends up to `limit` bytes from the front of a part of a file.
    func send(_ part: FilePart, atMost limit: Int) -> IOOutcome
    /// Tells the peer that no more bytes will be sent.
    func shutdownWriting()
    /// Closes with a reset. Unsent bytes are dropped.
    func reset()
    func close()
}

extension Transport {
    /// Writes up to `limit` bytes from the front of `buffer`, and removes those that were written.
    package func write(from buffer: ByteBuffer, atMost limit: Int = .max) -> IOOutcome {
        let outcome = buffer.withBytes { bytes in
            write(bytes.count > limit ? UnsafeRawBufferPointer(rebasing: bytes[..<limit]) : bytes)
        }
        if case .bytes(let count) = outcome { buffer.consume(count) }
        return outcome
    }
}

extension Socket: Transport {
    package var isEncrypted: Bool { false }

    package func write(_ pieces: LentPieces, after buffer: ByteBuffer?) -> IOOutcome {
        pieces.write(to: self, after: buffer)
    }

    package func send(_ part: FilePart, atMost limit: Int) -> IOOutcome { part.send(to: self, atMost: limit) }
}
