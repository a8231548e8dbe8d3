import JSON
import Testing

@Suite struct `Parsing` {
    @Test(
        arguments: [
            ("null", JSONValue.null), ("true", true), ("false", false), ("0", 0), ("-7", -7),
            ("9223372036854775807", .integer(.max)), ("1.5", 1.5), ("1e3", 1000), ("-2.5e-3", -0.0025),
            ("1e300", .number(1e300)), ("\"\"", ""), ("\"a\\u00e9\\n\\\"\\\\\\/\"", "aé\n\"\\/"),
            ("\"\\ud83d\\ude00\"", "😀"), ("\"\\u0000\"", "\u{0}"), ("[]", []), ("{}", [:]),
            (" [ 1 , \"x\" , null , [ true ] ] ", [1, "x", .null, [true]]),
            ("{\"a\":{\"b\":[{}]},\"c\":false}", ["a": ["b": [[:]]], "c": false]),
        ] as [(String, JSONValue)])
    func `values of every kind are parsed`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text.utf8) == value)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,", "{\"a\"}", "{\"a\":}", "{a:1}", "'a'", "nul", "tru", "01", "1.", "+1", "NaN", "-",
        "\"\\x\"", "\"\\ud800\"", "\"a", "\"\n\"", "[1] [2]", "{} x",
    ])
    func `text that is not JSON is refused`(text: String) {
        #expect(throws: JSONError()) { try JSONValue(parsing: text.utf8) }
    }

    @Test(arguments: [#"{"a":1,}"#, "[1,]", "[1, \n\t ]", "[,]", "[[],]", #"["\\",]"#, #"[",",]"#])
    func `a trailing comma is refused`(text: String) {
        #expect(throws: JSONError()) { try JSONValue(parsing: text.utf8) }
    }

    @Test(arguments: [#"[",]"]"#, #"[",\"]"]"#, #"{",}":1}"#, #"["\\", 1]"#])
    func `commas and brackets inside a string are text`(text: String) throws {
        _ = try JSONValue(parsing: text.utf8)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: JSONError()) { try JSONValue(parsing: [0x22, 0xff, 0x22]) }
        #expect(throws: JSONError()) { try JSONValue(parsing: [0x22, 0xc0, 0x80, 0x22]) }
    }

    @Test func `nesting is limited`() {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(throws: JSONError()) { try JSONValue(parsing: deep.utf8) }
    }

    @Test func `the error does not contain the text`() {
        #expect("\(JSONError())" == "malformed JSON")
    }
}
