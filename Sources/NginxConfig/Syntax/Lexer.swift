internal import Bytes

/// Splits a configuration text into statements by nginx's rules (`ngx_conf_read_token`).
///
/// - Blanks and line ends separate words. A word in single or double quotes may contain blanks and `;{}`.
/// - A backslash escapes the next character. If this is a quote or a backslash, the first backslash is removed. `\t`,
///   `\r` and `\n` become control characters. Before any other character, the backslash remains.
/// - `#` at the start of a word begins a comment.
/// - `{` after `$` is part of the word.
struct Lexer: ~Copyable {
    enum Statement {
        case simple([String])
        case blockStart([String])
        case blockEnd
        case end
    }

    /// The maximum length of a word, in bytes: the size of nginx's buffer.
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

    /// The current place. After a statement, it is the place of its `;`, `{` or `}`.
    var location: SourceLocation { SourceLocation(file: file, line: line) }

    mutating func next() throws(ConfigurationError) -> Statement {
        var words: [String] = []
        while let byte = advance() {
            switch byte {
            case ASCII.space, ASCII.tab, ASCII.carriageReturn, ASCII.lineFeed:
                continue
            case ASCII.semicolon:
                if words.isEmpty { throw unexpected(byte) }
                return .simple(words)
            case ASCII.leftBrace:
                if words.isEmpty { throw unexpected(byte) }
                return .blockStart(words)
            case ASCII.rightBrace:
                if !words.isEmpty { throw unexpected(byte) }
                return .blockEnd
            case ASCII.hash:
                skipComment()
            case ASCII.quote, ASCII.apostrophe:
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
        if byte == ASCII.lineFeed { line += 1 }
        return byte
    }

    private mutating func skipComment() {
        while let byte = advance(), byte != ASCII.lineFeed {}
    }

    private mutating func quotedWord(until quote: UInt8) throws(ConfigurationError) -> String {
        let start = position
        let startLine = line
        while let byte = advance() {
            if byte == ASCII.backslash {
                _ = advance()
            } else if byte == quote {
                return Self.unescape(bytes[start..<(position - 1)])
            }
            try checkLength(from: start, line: startLine, quote: quote)
        }
        throw endOfText()
    }

    /// Reads the byte after a closing quote. This byte must be a separator.
    private mutating func afterQuote(_ words: [String]) throws(ConfigurationError) -> Statement? {
        guard let byte = advance() else { throw endOfText() }
        switch byte {
        case ASCII.space, ASCII.tab, ASCII.carriageReturn, ASCII.lineFeed: return nil
        case ASCII.semicolon: return .simple(words)
        case ASCII.leftBrace: return .blockStart(words)
        case UInt8(ascii: ")"):
            // The parenthesis is part of the next word, as in `if ($x = "y")`.
            position -= 1
            return nil
        default: throw unexpected(byte)
        }
    }

    /// Reads a word without quotes.
    /// - Returns: the statement if `;` or `{` follows the word; nil if a blank follows
    private mutating func plainWord(
        startingWith first: UInt8, _ words: inout [String]
    ) throws(ConfigurationError) -> Statement? {
        let start = position - 1
        let startLine = line
        var byte = first
        var isAfterDollar = false
        while true {
            switch byte {
            case ASCII.leftBrace where isAfterDollar:
                isAfterDollar = false
            case ASCII.backslash:
                isAfterDollar = false
                _ = advance()
            case ASCII.dollar:
                isAfterDollar = true
            case ASCII.space, ASCII.tab, ASCII.carriageReturn, ASCII.lineFeed, ASCII.semicolon,
                ASCII.leftBrace:
                words.append(Self.unescape(bytes[start..<(position - 1)]))
                return byte == ASCII.semicolon ? .simple(words) : byte == ASCII.leftBrace ? .blockStart(words) : nil
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
        guard word.contains(ASCII.backslash) else { return String(decoding: word, as: UTF8.self) }
        var result: [UInt8] = []
        var index = word.startIndex
        while index < word.endIndex {
            let byte = word[index]
            index += 1
            guard byte == ASCII.backslash, index < word.endIndex, let plain = escapes[word[index]] else {
                result.append(byte)
                continue
            }
            result.append(plain)
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static let escapes: [UInt8: UInt8] = [
        ASCII.quote: ASCII.quote, ASCII.apostrophe: ASCII.apostrophe,
        ASCII.backslash: ASCII.backslash, UInt8(ascii: "t"): ASCII.tab,
        UInt8(ascii: "r"): ASCII.carriageReturn, UInt8(ascii: "n"): ASCII.lineFeed,
    ]
}
