internal import CPCRE2

/// A regular expression of PCRE2, compiled once and used by all threads.
package final class Pattern: Sendable {
    // Nothing changes compiled code, which PCRE2 lets any number of threads use.
    nonisolated(unsafe) let code: OpaquePointer
    /// Some group is `(?<name>…)`.
    package let hasNames: Bool

    /// - Parameter ignoringCase: of ASCII letters. Bytes, not characters, are matched, as nginx does.
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
        // Where there is no JIT, the interpreter does.
        pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
        self.code = code
        var names: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &names)
        hasNames = names > 0
    }

    deinit { pcre2_code_free_8(code) }

    /// Groups in parentheses, those with names included.
    package var groupCount: Int {
        var count: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
        return Int(count)
    }

    /// Which group `(?<name>…)` is; nil when there is none.
    package func group(named name: String) -> Int? {
        let number = pcre2_substring_number_from_name_8(code, Array(name.utf8) + [0])
        return number > 0 ? Int(number) : nil
    }
}

/// A text that is no regular expression. In nginx's words.
package struct PatternError: Error, Hashable, CustomStringConvertible {
    let reason: String
    let pattern: String
    /// From where the fault was found.
    let rest: String

    package var description: String {
        let place = rest.isEmpty ? "" : " at \"\(rest)\""
        return "pcre2_compile() failed: \(reason) in \"\(pattern)\"\(place)"
    }
}
