@testable import NginxConfig

/// Properties of `NginxConfig`. The input is the text of a complete configuration.
enum ConfigurationProperties {
    static func check(_ bytes: [UInt8]) {
        let verdict = Verdict(bytes, text: bytes)
        let included = Verdict(Array("include text.conf;".utf8), text: bytes)
        require(included == verdict, "included: \(included), directly: \(verdict)")
        // A byte of invalid UTF-8 becomes a replacement character, which has three bytes.
        let maxLength = verdict.words?.map(\.utf8.count).max() ?? 0
        require(maxLength <= 3 * Lexer.wordLimit, "a word is longer than its limit")

        guard let copy = Self.quoted(bytes) else { return }
        var again = Verdict(copy, text: copy)
        require(again.words == verdict.words, "quoting changes the words")
        again.line = verdict.line
        require(again == verdict, "quoted: \(again), unquoted: \(verdict)")
    }

    /// The text with every word in quotes; nil if the text cannot be split into words, or a word becomes too long.
    private static func quoted(_ bytes: [UInt8]) -> [UInt8]? {
        var lexer = Lexer(bytes, file: "text.conf")
        var out: [UInt8] = []
        while let statement = try? lexer.next() {
            let (words, end) =
                switch statement {
                case .simple(let words): (words, ";")
                case .blockStart(let words): (words, "{")
                case .blockEnd: ([], "}")
                case .end: ([], "")
                }
            for word in words {
                // Replace bytes, not characters: for Swift, a quotation mark and a combining character after it are one
                // character.
                let text = word.utf8.flatMap { byte -> [UInt8] in
                    byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") ? [UInt8(ascii: "\\"), byte] : [byte]
                }
                guard text.count + 2 < Lexer.wordLimit else { return nil }
                out += "\"".utf8 + text + "\" ".utf8
            }
            if end.isEmpty { return out }
            out += "\(end)\n".utf8
        }
        return nil
    }
}

/// The result of loading a configuration.
private struct Verdict: Equatable {
    var fault: String?
    var line: Int?
    var words: [String]?
    var main: MainSettings?
    var events: EventsSettings?
    var listeners = 0
    var servers: [[LocationSettings]] = []
    var upstreams = 0
    var warnings: [String] = []

    /// - Parameter text: the content of `text.conf`, the only file that the configuration can include
    init(_ bytes: [UInt8], text: [UInt8]) {
        let files = ConfigurationFiles(
            read: { path in
                path == "/c/text.conf" ? .success(text) : .failure(FileFailure(code: 2, reason: "No such file"))
            },
            list: { $0 == "/c/" ? ["text.conf"] : [] })
        do throws(ConfigurationError) {
            let configuration = try NginxConfiguration.load(
                text: bytes, path: "/c/main.conf", prefix: "/p", files: files)
            main = configuration.main
            events = configuration.events
            listeners = configuration.http?.listeners.count ?? 0
            servers = configuration.http?.servers.map { $0.locations.map(\.settings) } ?? []
            upstreams = configuration.http?.upstreams.count ?? 0
            warnings = configuration.warnings.map(\.message)
        } catch {
            fault = error.message
            line = error.location?.line
        }
        words = Self.words(text)
    }

    private static func words(_ text: [UInt8]) -> [String]? {
        var lexer = Lexer(text, file: nil)
        var words: [String] = []
        while let statement = try? lexer.next() {
            switch statement {
            case .simple(let more), .blockStart(let more): words += more
            case .blockEnd: continue
            case .end: return words
            }
        }
        return nil
    }
}
