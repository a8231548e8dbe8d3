internal import CPCRE2

/// What one thread needs to match patterns: room for the groups of a match, used again and again.
package final class PatternMatcher {
    private let data: OpaquePointer
    private let context: OpaquePointer
    /// nginx's `$1` to `$9`, and the whole match.
    private static let groups = 10
    /// Steps of one match. A pattern that backtracks for ever on a hostile path costs milliseconds, not minutes.
    private static let limit: UInt32 = 100_000

    package init() {
        // Both fail only when memory is out.
        data = pcre2_match_data_create_8(UInt32(Self.groups), nil)!
        context = pcre2_match_context_create_8(nil)!
        pcre2_set_match_limit_8(context, Self.limit)
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
    }

    /// - Parameter groups: what each group matched, the whole match first; empty for one that took no part. Left as
    ///   it is when there is no match
    package func matches(_ pattern: Pattern, _ subject: Span<UInt8>, into groups: inout [Range<Int>]) -> Bool {
        let count = subject.withUnsafeBufferPointer { bytes in
            // PCRE2 wants an address also for nothing.
            var nothing: UInt8 = 0
            return withUnsafePointer(to: &nothing) { nothing in
                pcre2_match_8(pattern.code, bytes.baseAddress ?? nothing, bytes.count, 0, 0, data, context)
            }
        }
        // 0: more groups than there is room for, and those that fit are there.
        guard count >= 0 else { return false }
        groups.removeAll(keepingCapacity: true)
        let offsets = pcre2_get_ovector_pointer_8(data)!
        for group in 0..<(count == 0 ? Self.groups : Int(count)) {
            let (start, end) = (offsets[2 * group], offsets[2 * group + 1])
            groups.append(start == Int(bitPattern: ~0) || end < start ? 0..<0 : start..<end)
        }
        return true
    }
}
