internal import CLinux
internal import Glibc

/// A connection's bytes: the seam between what a connection says and how its bytes travel.
///
/// A plain socket now; a TLS session is one more case with the same four calls. Callers try a read or write and wait
/// for *any* event of the loop when it would block, since TLS may have to write in order to read.
package enum Transport: Sendable {
    case plain(Socket)

    package var descriptor: CInt {
        switch self {
        case .plain(let socket): socket.descriptor
        }
    }

    package func read(into buffer: ByteBuffer, atMost limit: Int) -> IOOutcome {
        switch self {
        case .plain(let socket): socket.read(into: buffer, atMost: limit)
        }
    }

    /// Writes as much as is taken now.
    package func write(_ bytes: UnsafeRawBufferPointer) -> IOOutcome {
        switch self {
        case .plain(let socket): socket.write(bytes)
        }
    }

    /// Writes several pieces, one after the other, as much of them as is taken now.
    package func write(_ pieces: LentPieces, after buffer: ByteBuffer?) -> IOOutcome {
        switch self {
        case .plain(let socket): pieces.write(to: socket, after: buffer)
        }
    }

    /// Writes at most `limit` bytes from the front of `buffer` and drops what was taken.
    package func write(from buffer: ByteBuffer, atMost limit: Int = .max) -> IOOutcome {
        let outcome = buffer.withBytes { bytes in
            write(bytes.count > limit ? UnsafeRawBufferPointer(rebasing: bytes[..<limit]) : bytes)
        }
        if case .bytes(let count) = outcome { buffer.consume(count) }
        return outcome
    }

    /// Sends from the front of a file, at most `limit` bytes.
    package func send(_ part: FilePart, atMost limit: Int) -> IOOutcome {
        switch self {
        case .plain(let socket): part.send(to: socket, atMost: limit)
        }
    }

    package func shutdownWriting() {
        switch self {
        case .plain(let socket): socket.shutdownWriting()
        }
    }

    /// Closes with a reset.
    package func reset() {
        switch self {
        case .plain(let socket): socket.reset()
        }
    }

    package func close() {
        switch self {
        case .plain(let socket): socket.close()
        }
    }
}
