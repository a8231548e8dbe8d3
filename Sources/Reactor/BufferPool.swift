/// The buffers of one loop. A connection holds a buffer only while it has bytes to read or write.
package final class BufferPool {
    /// The initial size of a buffer in bytes.
    package static let bufferSize = 32 * 1024
    /// The maximum number of unused buffers that are kept.
    private static let maxIdle = 512

    private var idle: ContiguousArray<ByteBuffer> = []

    /// The number of buffers allocated so far. Under a steady load, this number does not grow.
    package private(set) var allocated = 0

    package init() {}

    package func take() -> ByteBuffer {
        if let buffer = idle.popLast() { return buffer }
        allocated += 1
        return ByteBuffer(capacity: Self.bufferSize)
    }

    /// Returns the buffer, if there is one, to the pool and sets `place` to nil. The pool does not keep a buffer that
    /// has grown to several times the initial size.
    package func giveBack(_ place: inout ByteBuffer?) {
        if let buffer = place.take() { giveBack(buffer) }
    }

    package func giveBack(_ buffer: consuming ByteBuffer) {
        buffer.removeAll()
        if buffer.capacity < Self.bufferSize * 3, idle.count < Self.maxIdle { idle.append(buffer) }
    }
}
