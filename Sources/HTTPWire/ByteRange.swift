/// A range of offsets into the receive buffer, counted from the first byte that the parser was given.
///
/// It is half the size of `Range<Int>`, so that the header table of a request fits into a few cache lines.
package struct ByteRange: Sendable, Hashable {
    private let lower: UInt32
    private let upper: UInt32

    package static let empty = ByteRange(0, 0)

    /// - Precondition: `0 <= start <= end < 4 GiB`. The maximum size of a head keeps every offset far below 4 GiB.
    package init(_ start: Int, _ end: Int) {
        precondition(start <= end)
        lower = UInt32(start)
        upper = UInt32(end)
    }

    package var start: Int { Int(lower) }
    package var end: Int { Int(upper) }
    package var count: Int { Int(upper &- lower) }
    package var isEmpty: Bool { lower == upper }

    /// The same range for `Span.extracting(_:)` and array slices.
    package var range: Range<Int> { Int(lower)..<Int(upper) }
}
