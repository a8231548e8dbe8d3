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

    /// Writes from the front of `buffer` and drops what was taken.
    package func write(from buffer: ByteBuffer) -> IOOutcome {
        let outcome = buffer.withBytes { write($0) }
        if case .bytes(let count) = outcome { buffer.consume(count) }
        return outcome
    }

    package func shutdownWriting() {
        switch self {
        case .plain(let socket): socket.shutdownWriting()
        }
    }

    package func close() {
        switch self {
        case .plain(let socket): socket.close()
        }
    }
}
