internal import CPCRE2

/// A compiled regular expression (PCRE2). All threads can use it.
package final class Pattern: Sendable {
    // Safe: PCRE2 does not modify compiled code, and any number of threads may use it.
    nonisolated(unsafe) let code: OpaquePointer
    /// Whether there is a group with a name, `(?<name>…)`.
    package let hasNames: Bool

    /// Compiles a pattern. It matches bytes, not characters, as in nginx.
    /// - Parameter ignoringCase: ignore the case of ASCII letters
    package init(_ text: String, ignoringCase: Bool = false) throws(PatternError) {
        var error: CInt = 0
        var offset = 0
        let bytes = Array(text.utf8)
        let code = pcre2_compile_8(bytes, bytes.count, ignoringCase ? PCRE2_CASELESS : 0, &error, &offset, nil)
        guard let code else {
            var message = [UInt8](repeating: 0, count: 128)
            pcre2_get_error_message_8(error, &message, message.count)
            throw PatternError(
                reason: String(decoding: message.prefix { $0 != 0 }, as: UTF8.self), pattern: text,
                rest: String(decoding: bytes.dropFirst(offset), as: UTF8.self))
        }
        // Ignore an error: if PCRE2 has no JIT compiler for this machine, it matches with its interpreter.
        pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
        self.code = code
        var names: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &names)
        hasNames = names > 0
    }

    deinit { pcre2_code_free_8(code) }

    /// The number of groups in parentheses, including those with names.
    package var groupCount: Int {
        var count: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
        return Int(count)
    }

    /// The number of the group `(?<name>…)`; nil if there is none.
    package func group(named name: String) -> Int? {
        let number = pcre2_substring_number_from_name_8(code, Array(name.utf8) + [0])
        return number > 0 ? Int(number) : nil
    }
}

/// A text is not a valid regular expression. The description has nginx's wording.
package struct PatternError: Error, Hashable, CustomStringConvertible {
    let reason: String
    let pattern: String
    /// The part of the pattern from the position of the error on.
    let rest: String

    package var description: String {
        let place = rest.isEmpty ? "" : " at \"\(rest)\""
        return "pcre2_compile() failed: \(reason) in \"\(pattern)\"\(place)"
    }
}
