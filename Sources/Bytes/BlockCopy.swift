// Copying a block of bytes needs `unsafe`. The targets that parse bytes from the network must not use `unsafe`, so the
// copies are here. Copying one byte at a time, each with its checks, would cost about a nanosecond per byte, and a
// proxied request is copied four times.

extension [UInt8] {
    /// Appends the bytes of `span`. The array allocates only when it has to grow.
    @inline(__always)
    package mutating func append(copying span: Span<UInt8>) {
        // `append(contentsOf:)` is generic over all kinds of sequences, and needs three times as many instructions.
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
