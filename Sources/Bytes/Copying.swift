/// The one thing that the pure targets cannot say without `unsafe`: bytes copied as a block. One at a time, each with
/// its checks, costs about a nanosecond a byte, and a proxied request is copied four times.
extension [UInt8] {
    /// Appends the bytes of `span`; the array allocates only when it has to grow.
    package mutating func append(copying span: Span<UInt8>) {
        span.withUnsafeBufferPointer { append(contentsOf: $0) }
    }

    package mutating func append(literal text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
