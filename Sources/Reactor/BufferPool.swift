/// Buffers that one loop lends and takes back: a connection holds one only while bytes of it are under way.
package final class BufferPool {
    /// The usual size, in bytes.
    package static let bufferSize = 32 * 1024
    private static let kept = 512

    private var idle: ContiguousArray<ByteBuffer> = []

    /// Buffers made so far: with a steady load it stands still.
    package private(set) var made = 0

    package init() {}

    package func take() -> ByteBuffer {
        if let buffer = idle.popLast() { return buffer }
        made += 1
        return ByteBuffer(capacity: Self.bufferSize)
    }

    /// Takes the buffer, if there is one: it is nil afterwards. One that has grown far beyond the usual size is let go, as
    /// are those beyond what a busy loop needs.
    package func giveBack(_ place: inout ByteBuffer?) {
        if let buffer = place.take() { giveBack(buffer) }
    }

    package func giveBack(_ buffer: consuming ByteBuffer) {
        buffer.removeAll()
        if buffer.capacity < Self.bufferSize * 3, idle.count < Self.kept { idle.append(buffer) }
    }
}
