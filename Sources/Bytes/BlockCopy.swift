// Copying a block of bytes needs `unsafe`, which the targets that parse bytes from outside must not use. Copying one
// byte at a time, each with its checks, costs about a nanosecond per byte, and a proxied request is copied four times.

extension [UInt8] {
    /// Appends the bytes of `span`. The array allocates only when it has to grow.
    @inline(__always)
    package mutating func append(copying span: Span<UInt8>) {
        // `append(contentsOf:)` is made for every kind of sequence, and takes three times the instructions.
        append(addingCapacity: span.count) { $0.append(copying: span) }
    }

    package mutating func append(literal text: StaticString) {
        append(copying: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount).span)
    }
}

extension OutputSpan<UInt8> {
    /// - Precondition: `freeCapacity` is at least the size of `span`.
    package mutating func append(copying span: Span<UInt8>) {
        precondition(span.count <= freeCapacity)
        span.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            withUnsafeMutableBufferPointer { room, count in
                UnsafeMutableRawPointer(room.baseAddress! + count).copyMemory(from: start, byteCount: bytes.count)
                count += bytes.count
            }
        }
    }
}
