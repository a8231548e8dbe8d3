internal import Glibc

/// How a connection's bytes travel: the seam between what a connection says and how it says it.
///
/// ``Socket`` is the plain one. A TLS session is another. Callers try a read or a write; when it would block they wait for
/// *any* event of the descriptor, because TLS may have to write in order to read.
package protocol Transport {
    /// What the event loop watches.
    var descriptor: CInt { get }
    /// The bytes are encrypted on their way: `$scheme` is `https`.
    var isEncrypted: Bool { get }
    /// This end's address.
    var localAddress: SocketAddress? { get }
    /// What the kernel knows of the way to the peer; nil if it is not TCP.
    var tcpInfo: TCPInfo? { get }
    /// The outcome of connecting, as `errno` has it; 0 if connected.
    var pendingError: CInt { get }

    /// Reads at most `limit` bytes into the back of `buffer`.
    func read(into buffer: ByteBuffer, atMost limit: Int) -> IOOutcome
    /// Writes as many bytes as are taken now.
    func write(_ bytes: UnsafeRawBufferPointer) -> IOOutcome
    /// Writes `buffer`, then the pieces, as many bytes as are taken now. Drops nothing from either.
    func write(_ pieces: LentPieces, after buffer: ByteBuffer?) -> IOOutcome
    /// Sends from the front of a part of a file, at most `limit` bytes.
    func send(_ part: FilePart, atMost limit: Int) -> IOOutcome
    /// Tells the peer that no more is coming.
    func shutdownWriting()
    /// Closes with a reset: bytes that are not sent yet are dropped.
    func reset()
    func close()
}

extension Transport {
    /// Writes at most `limit` bytes from the front of `buffer`, and drops those that were taken.
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
