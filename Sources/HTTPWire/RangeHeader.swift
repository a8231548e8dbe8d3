internal import Bytes

/// The part of a body that a `Range` header asks for, parsed as nginx does. One difference: if the header asks for
/// several ranges, the response has the whole body, which RFC 9110, 14.2 allows.
package enum RangeHeader: Sendable, Hashable {
    /// The whole body: the header does not ask for bytes, or asks for several ranges.
    case whole
    case part(Range<Int>)
    /// Answer 416.
    case unsatisfiable

    /// - Parameters:
    ///   - value: the value of the header
    ///   - length: the length of the body in bytes
    package init(_ value: [UInt8], length: Int) {
        let text = String(decoding: value.filter { $0 != ASCII.space }, as: UTF8.self)
        guard text.prefix(6).lowercased() == "bytes=", !text.contains(",") else {
            self = .whole
            return
        }
        let ends = text.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy(\.isDigit) }) else {
            self = .unsatisfiable
            return
        }
        let (first, last) = (Int(ends[0]), Int(ends[1]))
        let range: Range<Int>?
        switch (first, last) {
        case (nil, let count?) where ends[0].isEmpty: range = max(0, length - count)..<length
        case (let start?, nil) where ends[1].isEmpty: range = start < length ? start..<length : nil
        case (let start?, let last?):
            let end = last >= length ? length : last + 1
            range = start < end ? start..<end : nil
        default: range = nil
        }
        if let range, !range.isEmpty {
            self = .part(range)
        } else {
            // If the body is empty and the range starts at 0, nginx answers with the whole body.
            self = first == 0 && (last != nil || ends[1].isEmpty) ? .whole : .unsatisfiable
        }
    }
}
