/// Cuts a configuration text into statements by nginx's rules (`ngx_conf_read_token`).
///
/// Words are separated by blanks; quotes, single or double, hold blanks and `;{}`; a backslash takes the next
/// character out of the syntax and itself disappears before a quote or a backslash; `\t`, `\r`, `\n` are
/// control characters; `#` at the start of a word opens a comment; `{` after `$` belongs to the word.
struct Lexer: ~Copyable {
    enum Statement {
        case simple([String])
        case blockStart([String])
        case blockEnd
        case end
    }

    /// nginx's buffer: no word is longer.
    static let wordLimit = 4096

    private let bytes: [UInt8]
    private let file: String?
    private var position = 0
    private var line = 1

    /// - Parameter file: nil for text from the command line.
    init(_ bytes: [UInt8], file: String?) {
        self.bytes = bytes
        self.file = file
    }

    /// Where the lexer stands: after a statement, the place of its terminator.
    var location: SourceLocation { SourceLocation(file: file, line: line) }

    mutating func next() throws(ConfigurationError) -> Statement {
        var words: [String] = []
        while let byte = advance() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                continue
            case UInt8(ascii: ";"):
                if words.isEmpty { throw unexpected(byte) }
                return .simple(words)
            case UInt8(ascii: "{"):
                if words.isEmpty { throw unexpected(byte) }
                return .blockStart(words)
            case UInt8(ascii: "}"):
                if !words.isEmpty { throw unexpected(byte) }
                return .blockEnd
            case UInt8(ascii: "#"):
                skipComment()
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                words.append(try quotedWord(until: byte))
                if let statement = try afterQuote(words) { return statement }
            default:
                if let statement = try plainWord(startingWith: byte, &words) { return statement }
            }
        }
        if !words.isEmpty { throw endOfText() }
        return .end
    }

    private mutating func advance() -> UInt8? {
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\n") { line += 1 }
        return byte
    }

    private mutating func skipComment() {
        while let byte = advance(), byte != UInt8(ascii: "\n") {}
    }

    private mutating func quotedWord(until quote: UInt8) throws(ConfigurationError) -> String {
        let start = position
        let startLine = line
        while let byte = advance() {
            if byte == UInt8(ascii: "\\") {
                _ = advance()
            } else if byte == quote {
                return Self.unescape(bytes[start..<(position - 1)])
            }
            try checkLength(from: start, line: startLine, quote: quote)
        }
        throw endOfText()
    }

    /// A closing quote ends the word; only a separator may follow it.
    private mutating func afterQuote(_ words: [String]) throws(ConfigurationError) -> Statement? {
        guard let byte = advance() else { throw endOfText() }
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): return nil
        case UInt8(ascii: ";"): return .simple(words)
        case UInt8(ascii: "{"): return .blockStart(words)
        case UInt8(ascii: ")"):
            // Belongs to the next word, as in nginx's `if ($x = "y")`.
            position -= 1
            return nil
        default: throw unexpected(byte)
        }
    }

    /// Reads to the separator; a word that ends in `;` or `{` ends its statement too.
    private mutating func plainWord(
        startingWith first: UInt8, _ words: inout [String]
    ) throws(ConfigurationError) -> Statement? {
        let start = position - 1
        let startLine = line
        var byte = first
        var isAfterDollar = false
        while true {
            switch byte {
            case UInt8(ascii: "{") where isAfterDollar:
                isAfterDollar = false
            case UInt8(ascii: "\\"):
                isAfterDollar = false
                _ = advance()
            case UInt8(ascii: "$"):
                isAfterDollar = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: ";"),
                UInt8(ascii: "{"):
                words.append(Self.unescape(bytes[start..<(position - 1)]))
                return byte == UInt8(ascii: ";") ? .simple(words) : byte == UInt8(ascii: "{") ? .blockStart(words) : nil
            default:
                isAfterDollar = false
            }
            try checkLength(from: start, line: startLine, quote: nil)
            guard let next = advance() else { throw endOfText() }
            byte = next
        }
    }

    private func checkLength(from start: Int, line: Int, quote: UInt8?) throws(ConfigurationError) {
        guard position - start >= Self.wordLimit else { return }
        let location = SourceLocation(file: file, line: line)
        if let quote {
            let mark = Character(Unicode.Scalar(quote))
            throw ConfigurationError(
                "too long parameter, probably missing terminating \"\(mark)\" character", at: location)
        }
        let beginning = String(decoding: bytes[start..<(start + 10)], as: UTF8.self)
        throw ConfigurationError("too long parameter \"\(beginning)...\" started", at: location)
    }

    private func unexpected(_ byte: UInt8) -> ConfigurationError {
        ConfigurationError("unexpected \"\(Character(Unicode.Scalar(byte)))\"", at: location)
    }

    private func endOfText() -> ConfigurationError {
        file == nil
            ? ConfigurationError("unexpected end of parameter, expecting \";\"", at: location)
            : ConfigurationError("unexpected end of file, expecting \";\" or \"}\"", at: location)
    }

    private static func unescape(_ word: ArraySlice<UInt8>) -> String {
        guard word.contains(UInt8(ascii: "\\")) else { return String(decoding: word, as: UTF8.self) }
        var result: [UInt8] = []
        var index = word.startIndex
        while index < word.endIndex {
            let byte = word[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < word.endIndex, let plain = escapes[word[index]] else {
                result.append(byte)
                continue
            }
            result.append(plain)
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "'"): UInt8(ascii: "'"),
        UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "t"): UInt8(ascii: "\t"),
        UInt8(ascii: "r"): UInt8(ascii: "\r"), UInt8(ascii: "n"): UInt8(ascii: "\n"),
    ]
}
