/// The header lines of one message in their order, without those that were dropped.
///
/// The storage is reused for the next message. Lines with the same name are linked, so that joining them does not
/// require comparing every line with every other line.
package struct HeaderFields: Sendable {
    private var fields: [HeaderField] = []
    /// Bit `hash % 64` is set for each name so far. If the bit of a new name is not set, no earlier line has this name,
    /// and `append` does not search for one.
    private var names: UInt64 = 0

    package var count: Int { fields.count }
    package var indices: Range<Int> { 0..<fields.count }

    package internal(set) subscript(index: Int) -> HeaderField {
        get { fields[index] }
        set { fields[index] = newValue }
    }

    package func first(_ known: KnownHeader) -> HeaderField? {
        for index in fields.indices where fields[index].known == known { return fields[index] }
        return nil
    }

    /// The first line whose name becomes the same CGI variable as `name`, so `X_Y` is found as `x-y`.
    /// - Parameter name: in lower case, with each `_` replaced by `-`
    package func first(named name: String, in bytes: Span<UInt8>) -> HeaderField? {
        for index in fields.indices where bytes.matches(fields[index].name, asVariable: name) {
            return fields[index]
        }
        return nil
    }

    mutating func removeAll() {
        fields.removeAll(keepingCapacity: true)
        names = 0
    }

    mutating func append(_ field: HeaderField, in bytes: Span<UInt8>) {
        var field = field
        let bit = UInt64(1) << UInt64(field.hash & 63)
        if names & bit != 0 {
            var index = fields.count - 1
            while index >= 0 {
                if fields[index].hash == field.hash, bytes.matches(fields[index].name, asVariable: field.name) {
                    fields[index].next = fields.count
                    field.isRepetition = true
                    break
                }
                index -= 1
            }
        }
        names |= bit
        fields.append(field)
    }

    /// Marks the lines with this name as hop-by-hop, because `Connection` lists the name (RFC 9110, 7.6.1).
    mutating func markHopByHop(_ name: ByteRange, in bytes: Span<UInt8>) {
        for index in fields.indices where bytes.matches(fields[index].name, asVariable: name) {
            fields[index].isHopByHop = true
        }
    }
}
