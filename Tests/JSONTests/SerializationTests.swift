import JSON
import TestSupport
import Testing

@Suite struct `Serialization` {
    private func text(_ value: JSONValue) -> String {
        String(decoding: value.serialized(), as: UTF8.self)
    }

    @Test func `members are sorted by the bytes of their names`() {
        #expect(text(["b": 1, "a": 2, "B": 3, "aa": 4, "é": 5]) == #"{"B":3,"a":2,"aa":4,"b":1,"é":5}"#)
    }

    @Test func `slashes and characters beyond ASCII are not escaped`() {
        #expect(text("https://x/é😀\u{2028}\u{7f}") == "\"https://x/é😀\u{2028}\u{7f}\"")
    }

    @Test func `quotes, backslashes and control characters are escaped`() {
        #expect(text("\"\\\n\r\t\u{0}\u{1f}") == #""\"\\\n\r\t\u0000\u001f""#)
    }

    @Test(
        arguments: [
            (0, "0"), (-1, "-1"), (.integer(.min), "-9223372036854775808"), (1.5, "1.5"), (1.2e-05, "1.2e-05"),
            (.number(.infinity), "null"), (.number(.nan), "null"), (.null, "null"), (true, "true"), ([], "[]"),
            ([:], "{}"),
            ([1, [2, "3"]], "[1,[2,\"3\"]]"),
        ] as [(JSONValue, String)])
    func `every kind of value is serialized`(value: JSONValue, expected: String) {
        #expect(text(value) == expected)
    }

    @Test func `random values are the same after serializing and parsing`() throws {
        var random = SeededGenerator(seed: 42)
        for _ in 0..<500 {
            let value = random.value(depth: 4)
            #expect(try JSONValue(parsing: value.serialized()) == value)
        }
    }
}

extension SeededGenerator {
    fileprivate mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &self) {
        case 0: return .null
        case 1: return .bool(.random(using: &self))
        case 2: return .integer(.random(in: .min ... .max, using: &self))
        case 3: return .number(Double(Int.random(in: -1000...1000, using: &self)) + 0.5)
        case 4: return .string(text())
        case 5: return .array((0..<Int.random(in: 0..<4, using: &self)).map { _ in value(depth: depth - 1) })
        default:
            let members = (0..<Int.random(in: 0..<4, using: &self)).map { ("\($0)" + text(), value(depth: depth - 1)) }
            return .object(Dictionary(members) { first, _ in first })
        }
    }

    private mutating func text() -> String {
        let letters: [Character] = ["a", "Z", "0", " ", "\"", "\\", "/", "\n", "\u{0}", "é", "😀", "\u{2028}"]
        return String((0..<Int.random(in: 0..<8, using: &self)).map { _ in letters.randomElement(using: &self)! })
    }
}
