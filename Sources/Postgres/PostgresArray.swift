/// A one-dimensional array parameter: one column of a batch, for `unnest`.
///
/// The binary format (`array_send` in PostgreSQL's arrayfuncs.c) has these parts in this order: the number of
/// dimensions, whether there are NULLs, the element type, the length and the lower bound of the dimension, and the
/// elements. Each element is preceded by its length, which is -1 for NULL. All numbers have 32 bits, most significant
/// byte first.
package struct PostgresArray: Sendable {
    private let type: PostgresType
    private var count: Int32 = 0
    private var hasNull = false
    private var elements: [UInt8] = []

    package init(_ type: PostgresType, capacity: Int = 0, elementSize: Int = 16) {
        self.type = type
        elements.reserveCapacity(capacity * (elementSize + 4))
    }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        count += 1
        appendNumber(Int32(bytes.count))
        elements.append(contentsOf: bytes)
    }

    package mutating func appendNull() {
        count += 1
        hasNull = true
        appendNumber(Int32(-1))
    }

    package mutating func append(_ value: some FixedWidthInteger) {
        count += 1
        appendNumber(Int32(MemoryLayout.size(ofValue: value)))
        appendNumber(value)
    }

    package mutating func append(_ value: Bool) {
        append(value ? 1 : 0 as UInt8)
    }

    /// - Parameter microseconds: microseconds since 1970.
    package mutating func append(time microseconds: Int64) {
        append(microseconds - microsecondsFrom1970To2000)
    }

    package var value: PostgresValue {
        var header: [UInt8] = []
        header.reserveCapacity(20 + elements.count)
        header += bigEndian(Int32(count == 0 ? 0 : 1)) + bigEndian(Int32(hasNull ? 1 : 0)) + bigEndian(type.oid)
        if count > 0 { header += bigEndian(count) + bigEndian(Int32(1)) }
        return PostgresValue(oid: type.arrayOID, bytes: header + elements)
    }

    private mutating func appendNumber(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { elements.append(contentsOf: $0) }
    }
}
