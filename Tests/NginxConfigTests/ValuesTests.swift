import Testing

@testable import NginxConfig

struct ValuesTests {
    @Test(
        arguments: [
            ("0", .zero), ("30", .seconds(30)), ("30s", .seconds(30)), ("500ms", .milliseconds(500)),
            ("1m", .seconds(60)), ("1h30m", .seconds(5400)), ("1h 30m", .seconds(5400)), ("1d", .seconds(86400)),
            ("1w", .seconds(604_800)), ("1m500ms", .milliseconds(60_500)), ("1m30", .seconds(90)), ("", nil),
            ("s", nil),
            ("1y", nil), ("1M", nil), ("30m1h", nil), ("1s1s", nil), ("1.5s", nil), ("-1", nil), ("1x", nil),
            ("99999999999999999999", nil), ("9999999999999999w", nil),
        ] as [(String, Duration?)])
    func `Times of directives in milliseconds are parsed`(_ text: String, _ expected: Duration?) {
        #expect(Values.time(text, unit: .milliseconds) == expected)
    }

    @Test(
        arguments: [
            ("10", .seconds(10)), ("1y", .seconds(31_536_000)), ("1M", .seconds(2_592_000)), ("500ms", nil),
            ("2m", .seconds(120)),
        ] as [(String, Duration?)])
    func `Times of directives in seconds are parsed`(_ text: String, _ expected: Duration?) {
        #expect(Values.time(text, unit: .seconds) == expected)
    }

    @Test(
        arguments: [
            ("0", 0), ("512", 512), ("1k", 1024), ("8K", 8192), ("2m", 2 << 20), ("2M", 2 << 20), ("1g", nil),
            ("k", nil),
            ("", nil), ("1kb", nil), ("-1", nil), ("9223372036854775807k", nil),
        ] as [(String, Int?)])
    func `Sizes are parsed`(_ text: String, _ expected: Int?) {
        #expect(Values.size(text) == expected)
    }

    @Test(
        arguments: [
            ("100r/m", 100.0 / 60), ("10r/s", 10), ("0.5r/s", 0.5), ("0.000694444r/m", 0.000694444 / 60), ("r/s", nil),
            ("0r/s", nil),
            ("1r/h", nil), ("1.r/s", nil), (".5r/s", nil), ("1.0000000001r/s", nil), ("-1r/s", nil),
            ("99999999999r/s", nil),
        ] as [(String, Double?)])
    func `Rates may be whole numbers or have decimals`(_ text: String, _ expected: Double?) {
        #expect(LimitRate(text).map(perSecond) == expected)
    }

    @Test(
        arguments: [
            ("127.0.0.1", [127, 0, 0, 1]), ("0.0.0.0", [0, 0, 0, 0]), ("256.0.0.1", nil), ("1.2.3", nil),
            ("1.2.3.4.5", nil),
            ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), ("::", [UInt8](repeating: 0, count: 16)),
            ("2001:db8::a:b", [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa, 0, 0xb]),
            ("::ffff:1.2.3.4", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]),
            ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]), ("1:2:3:4:5:6:7:8:9", nil),
            ("1::2::3", nil), (":::", nil), ("1:2:3", nil), ("g::", nil), ("", nil), ("+1::", nil), (":1", nil),
        ] as [(String, [UInt8]?)])
    func `Address literals are parsed to their bytes`(_ text: String, _ expected: [UInt8]?) {
        #expect(IPAddress.bytes(text) == expected)
    }

    @Test(arguments: [
        ("a.conf", "*.conf", true), (".a.conf", "*.conf", false), ("a.conf", "*", true), ("abc", "a*b*c", true),
        ("abd", "a*b*c", false), ("aXbYbc", "a*b?c", false), ("aXbYbc", "a*b*c", true), ("a1", "a[0-9]", true),
        ("ax", "a[!0-9]", true), ("a1", "a[!0-9]", false), ("a]", "a[]]", true), ("a-", "a[x-]", true),
        ("a[", "a[", true),
        ("a*", #"a\*"#, true), ("ab", #"a\*"#, false), ("", "*", true), ("a", "a**", true),
    ])
    func `Shell patterns match file names`(_ name: String, _ pattern: String, _ expected: Bool) {
        #expect(Glob.matches(name, pattern) == expected)
    }
}
