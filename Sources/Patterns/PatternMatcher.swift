internal import CPCRE2

/// Matches patterns. Each thread needs its own matcher, because a match writes its groups to memory of the matcher.
package final class PatternMatcher {
    private let data: OpaquePointer
    private let context: OpaquePointer
    /// The number of groups that are kept: the whole match, and nginx's `$1` to `$9`.
    private static let maxGroups = 10
    /// The maximum number of steps of one match. If an attacker's path makes a pattern backtrack excessively, the match
    /// fails after milliseconds.
    private static let maxSteps: UInt32 = 100_000

    package init() {
        // Both calls fail only if there is no memory.
        data = pcre2_match_data_create_8(UInt32(Self.maxGroups), nil)!
        context = pcre2_match_context_create_8(nil)!
        pcre2_set_match_limit_8(context, Self.maxSteps)
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
    }

    /// - Parameter groups: receives one range for the whole match, and then one for each group. The range of a group
    ///   that did not take part is empty. If there is no match, `groups` is unchanged
    package func matches(_ pattern: Pattern, _ subject: Span<UInt8>, into groups: inout [Range<Int>]) -> Bool {
        let count = subject.withUnsafeBufferPointer { bytes in
            // PCRE2 needs a valid address for an empty subject too.
            var nothing: UInt8 = 0
            return withUnsafePointer(to: &nothing) { nothing in
                pcre2_match_8(pattern.code, bytes.baseAddress ?? nothing, bytes.count, 0, 0, data, context)
            }
        }
        // 0 means that the pattern has more than `maxGroups` groups. The first `maxGroups` are valid.
        guard count >= 0 else { return false }
        groups.removeAll(keepingCapacity: true)
        let offsets = pcre2_get_ovector_pointer_8(data)!
        for group in 0..<(count == 0 ? Self.maxGroups : Int(count)) {
            let (start, end) = (offsets[2 * group], offsets[2 * group + 1])
            groups.append(start == Int(bitPattern: ~0) || end < start ? 0..<0 : start..<end)
        }
        return true
    }
}
