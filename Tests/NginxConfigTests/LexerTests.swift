import TestSupport
import Testing

@testable import NginxConfig

struct LexerTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let text: String
        let words: [String]
        var testDescription: String { text }
    }

    @Test(arguments: [
        Sample(text: "a b;", words: ["a", "b"]),
        Sample(text: "  a\tb\r\n c ;", words: ["a", "b", "c"]),
        Sample(text: "a \"b c\";", words: ["a", "b c"]),
        Sample(text: "a 'b \"c\"';", words: ["a", "b \"c\""]),
        Sample(text: "a \"b;{}#\";", words: ["a", "b;{}#"]),
        Sample(text: "a \"\" '';", words: ["a", "", ""]),
        Sample(text: "a \"b\" 'c';", words: ["a", "b", "c"]),
        Sample(text: #"a b\ c;"#, words: ["a", #"b\ c"#]),
        Sample(text: #"a b\;c;"#, words: ["a", #"b\;c"#]),
        Sample(text: #"a \"b\";"#, words: ["a", "\"b\""]),
        Sample(text: #"a "b\"c" 'd\'e';"#, words: ["a", "b\"c", "d'e"]),
        Sample(text: #"a "\t\n\r\\\.";"#, words: ["a", "\t\n\r\\\\."]),
        Sample(text: "a b#c;", words: ["a", "b#c"]),
        Sample(text: "a # b;\n c;", words: ["a", "c"]),
        Sample(text: "# only\na;", words: ["a"]),
        Sample(text: "a ${b}c;", words: ["a", "${b}c"]),
        Sample(text: "a x\"y\"z;", words: ["a", "x\"y\"z"]),
        Sample(text: "a '$b';", words: ["a", "$b"]),
        Sample(text: "a (b) \"c\");", words: ["a", "(b)", "c", ")"]),
        Sample(text: "größe 5µ;", words: ["größe", "5µ"]),
    ])
    func `Words are split as in nginx`(_ sample: Sample) throws {
        var lexer = Lexer(Array(sample.text.utf8), file: "f")
        let statement = try lexer.next()
        guard case .simple(let words) = statement else {
            Issue.record("not a simple directive")
            return
        }
        #expect(words == sample.words)
    }

    @Test func `The line of a directive is the line of its end`() throws {
        var lexer = Lexer(Array("a\n b\n;\nc {\n}".utf8), file: "f")
        _ = try lexer.next()
        let first = lexer.location
        #expect(first == SourceLocation(file: "f", line: 3))
        _ = try lexer.next()
        let second = lexer.location
        #expect(second.line == 4)
        _ = try lexer.next()
        let third = lexer.location
        #expect(third.line == 5)
    }

    @Test func `Any bytes result in statements or an error, and never in a crash`() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("ab \t\n;{}\"'\\#$().\u{e9}".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            var lexer = Lexer(bytes, file: "f")
            while case .some(let statement) = try? lexer.next() {
                if case .end = statement { break }
            }
        }
    }
}
