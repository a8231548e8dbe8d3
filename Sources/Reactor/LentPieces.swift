internal import CLinux
internal import Glibc

/// References to bytes in buffers of other objects. The bytes are written to a socket without being copied first
/// (sendmsg(2)).
///
/// When all bytes are written or copied, call ``removeAll()``. Before that call, the owner of the bytes must not move
/// or free them.
package final class LentPieces {
    /// The first element is reserved for the output that is written before the pieces.
    private var pieces: [iovec] = [iovec()]
    package private(set) var byteCount = 0

    /// The maximum number of pieces. The kernel's limit (IOV_MAX) is 1024.
    package static let maxCount = 64

    package init() { pieces.reserveCapacity(Self.maxCount + 1) }

    package var isEmpty: Bool { pieces.count == 1 }
    package var isFull: Bool { pieces.count > Self.maxCount }

    package func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { bytes in
            pieces.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count))
        }
        byteCount += bytes.count
    }

    package func removeAll() {
        pieces.removeLast(pieces.count - 1)
        byteCount = 0
    }

    func write(to socket: Socket, after buffer: ByteBuffer?) -> IOOutcome {
        guard let buffer, !buffer.isEmpty else {
            return pieces.withUnsafeMutableBufferPointer {
                socket.write(UnsafeMutableBufferPointer(rebasing: $0[1...]))
            }
        }
        return buffer.withBytes { bytes in
            pieces[0] = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
            return pieces.withUnsafeMutableBufferPointer { socket.write($0) }
        }
    }

    /// Copies all bytes but the first `count` to `buffer`.
    package func copy(from count: Int, to buffer: ByteBuffer) {
        var skipped = count
        for piece in pieces.dropFirst() {
            let bytes = UnsafeRawBufferPointer(start: piece.iov_base, count: piece.iov_len)
            if skipped >= bytes.count {
                skipped -= bytes.count
                continue
            }
            buffer.append(UnsafeRawBufferPointer(rebasing: bytes[skipped...]))
            skipped = 0
        }
    }
}
