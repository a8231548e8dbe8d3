/// The one thing that the pure targets cannot say without `unsafe`: bytes copied as a block. One at a time, each with
/// its checks, costs about a nanosecond a byte, and a proxied request is copied four times.
extension [UInt8] {
    /// Appends the bytes of `span`; the array allocates only when it has to grow.
    package mutating func append(copying span: Span<UInt8>) {
        // `append(contentsOf:)` is made for every kind of sequence, and takes three times the instructions.
        append(addingCapacity: span.count) { $0.append(copying: span) }
    }

    package mutating func append(literal text: StaticString) {
        append(copying: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount).span)
    }
}

extension OutputSpan<UInt8> {
    /// - Precondition: there is room for the bytes.
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
