internal import Bytes
internal import Glibc

/// Bytes between a socket and a parser or an encoder. They are appended at the back and consumed at the front.
///
/// The storage is an array, so that encoders that append to `[UInt8]` write directly into it.
package final class ByteBuffer {
    /// The bytes, including those that are already consumed. Use it only to append.
    package var storage: [UInt8] = []
    private var head = 0
    /// The consumed bytes are removed from the storage when both conditions are true: their number is at least this
    /// constant, and they are at least half of the storage.
    private static let compactionThreshold = 16 * 1024

    package init(capacity: Int) { storage.reserveCapacity(capacity) }

    package var count: Int { storage.count - head }
    package var isEmpty: Bool { head == storage.count }
    package var capacity: Int { storage.capacity }

    /// Calls `body` with the unconsumed bytes.
    @inline(__always)
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let head = head
        return storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[head...])) }
    }

    /// Calls `body` with the unconsumed bytes as a span.
    @inline(__always)
    package func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let head = head
        return try storage.withUnsafeBufferPointer { bytes throws(Failure) in
            try body(bytes.span.extracting(droppingFirst: head))
        }
    }

    /// Drops `count` bytes from the front.
    package func consume(_ count: Int) {
        precondition(count <= storage.count - head)
        head += count
        if head == storage.count {
            removeAll()
        } else if head >= Self.compactionThreshold, head * 2 >= storage.count {
            // Encoders append to the storage directly. Without this removal, the storage would grow without limit if
            // its bytes are never all consumed at the same time.
            storage.removeSubrange(0..<head)
            head = 0
        }
    }

    package func removeAll() {
        if !storage.isEmpty { storage.removeAll(keepingCapacity: true) }
        head = 0
    }

    /// Makes room for `count` more bytes at the back: removes consumed bytes, or grows.
    package func reserve(_ count: Int) {
        guard storage.capacity - storage.count < count else { return }
        if head > 0 {
            storage.removeSubrange(0..<head)
            head = 0
        }
        if storage.capacity - storage.count < count {
            storage.reserveCapacity(max(storage.capacity * 2, storage.count + count))
        }
    }

    /// Lets `body` write up to `count` bytes at the back. `body` returns how many bytes it wrote.
    @discardableResult
    package func appending(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        reserve(count)
        var written = 0
        storage.append(addingCapacity: count) { output in
            output.withUnsafeMutableBufferPointer { room, initialized in
                let free = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(room)[initialized...])
                written = body(UnsafeMutableRawBufferPointer(rebasing: free[..<count]))
                initialized += written
            }
        }
        return written
    }

    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        appending(bytes.count) { room in
            room.copyMemory(from: bytes)
            return bytes.count
        }
    }

    package func append(_ bytes: Span<UInt8>) { bytes.withUnsafeBytes { append($0) } }
    package func append(_ bytes: [UInt8]) { storage.append(contentsOf: bytes) }
    package func append(_ text: StaticString) { storage.append(literal: text) }
    package func append(_ text: String) { storage.append(contentsOf: text.utf8) }
    package func append(decimal number: some BinaryInteger) { storage.append(decimal: number) }
}
