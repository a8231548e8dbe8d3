import Patterns
import Testing

struct PatternTests {
    private func groups(_ pattern: String, _ subject: String, ignoringCase: Bool = false) throws -> [String]? {
        let bytes = Array(subject.utf8)
        var ranges: [Range<Int>] = []
        guard try PatternMatcher().matches(Pattern(pattern, ignoringCase: ignoringCase), bytes.span, into: &ranges)
        else { return nil }
        return ranges.map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test func `a match returns its groups`() throws {
        #expect(try groups("\\.php$", "/a.php") == [".php"])
        #expect(try groups("\\.php$", "/a.PHP") == nil)
        #expect(try groups("\\.php$", "/a.PHP", ignoringCase: true) == [".PHP"])
        #expect(
            try groups("^/(\\w+)/(\\d*)(x)?/(.*)$", "/task/12/rest") == ["/task/12/rest", "task", "12", "", "rest"])
        #expect(try groups("^$", "") == [""])
        #expect(try groups("a", "") == nil)
        let many = String(repeating: "(a)", count: 20)
        #expect(try groups(many, String(repeating: "a", count: 20))?.count == 10)
    }

    @Test func `groups have names`() throws {
        let pattern = try Pattern("^/(?<kind>\\w+)/(?P<id>\\d+)")
        #expect(pattern.group(named: "kind") == 1)
        #expect(pattern.group(named: "id") == 2)
        #expect(pattern.group(named: "none") == nil)
    }

    @Test func `the error for an invalid pattern has nginx's wording`() {
        let open = #expect(throws: PatternError.self) { try Pattern("a(b") }
        #expect(open?.description == "pcre2_compile() failed: missing closing parenthesis in \"a(b\"")
        let star = #expect(throws: PatternError.self) { try Pattern("a**+b") }
        #expect(star?.description.hasPrefix("pcre2_compile() failed: quantifier does not follow") == true)
    }

    @Test func `a pattern that backtracks excessively does not match`() throws {
        let start = ContinuousClock.now
        #expect(try groups("^(a+)+$", String(repeating: "a", count: 60) + "b") == nil)
        #expect(ContinuousClock.now - start < .seconds(2))
    }
}
