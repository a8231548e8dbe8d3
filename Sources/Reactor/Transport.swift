internal import CLinux
internal import Glibc

/// Reads and writes the bytes of a connection: the boundary between protocols and the way that their bytes are sent.
///
/// It is a plain socket now. A TLS session would be one more case. When a read or write would block, callers wait for
/// *any* event of the loop, because TLS may have to write in order to read.
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

    /// Writes as much as is accepted now.
    package func write(_ bytes: UnsafeRawBufferPointer) -> IOOutcome {
        switch self {
        case .plain(let socket): socket.write(bytes)
        }
    }

    /// Writes `buffer` and then the pieces, as much as is accepted now. Consumes and removes nothing.
    package func write(_ pieces: LentPieces, after buffer: ByteBuffer?) -> IOOutcome {
        switch self {
        case .plain(let socket): pieces.write(to: socket, after: buffer)
        }
    }

    /// Writes up to `limit` bytes from the front of `buffer`, and consumes what was written.
    package func write(from buffer: ByteBuffer, atMost limit: Int = .max) -> IOOutcome {
        let outcome = buffer.withBytes { bytes in
            write(bytes.count > limit ? UnsafeRawBufferPointer(rebasing: bytes[..<limit]) : bytes)
        }
        if case .bytes(let count) = outcome { buffer.consume(count) }
        return outcome
    }

    /// Sends up to `limit` bytes from the front of a part of a file.
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
