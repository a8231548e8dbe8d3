import HTTPWire
import Testing

struct RangeHeaderTests {
    @Test(
        arguments: [
            ("bytes=0-4", .part(0..<5)), ("bytes=5-", .part(5..<10)), ("bytes=-3", .part(7..<10)),
            ("bytes=-30", .part(0..<10)), ("bytes=9-99", .part(9..<10)), ("BYTES= 1 - 2 ", .part(1..<3)),
            ("bytes=10-", .unsatisfiable), ("bytes=5-4", .unsatisfiable), ("bytes=", .unsatisfiable),
            ("bytes=x-", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=-", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable), ("items=0-1", .whole), ("bytes=0-1,3-4", .whole),
            ("", .whole),
        ] as [(String, RangeHeader)])
    func `a range is parsed, ignored or unsatisfiable`(text: String, expected: RangeHeader) {
        #expect(RangeHeader(Array(text.utf8), length: 10) == expected)
    }

    @Test func `an empty body has no range`() {
        #expect(RangeHeader(Array("bytes=0-4".utf8), length: 0) == .whole)
        #expect(RangeHeader(Array("bytes=1-4".utf8), length: 0) == .unsatisfiable)
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func `a date is parsed in each of its three forms`(_ text: String) {
        #expect(HTTPDate.seconds(text) == 784_111_777)
    }

    @Test func `a written date is parsed to the same time, and other texts are refused`() {
        for seconds in stride(from: 0, to: 4_000_000_000, by: 86_400 * 7 + 12_345) {
            #expect(HTTPDate.seconds(HTTPDate.text(seconds)) == seconds)
        }
        // A file may have any date. A date before 1970 or after 9999 is written as the nearest date of this range.
        for (seconds, text) in [
            (-5, "Thu, 01 Jan 1970 00:00:00 GMT"), (Int.min, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (253_402_300_800, "Fri, 31 Dec 9999 23:59:59 GMT"), (Int.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            #expect(HTTPDate.text(seconds) == text)
        }
        for text in [
            "", "yesterday", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Noy 1994 08:49:37 GMT", "1 2 3 4 5",
            "Sun, 06 Nov 1994 08:xx:49:37 GMT", "Sun, 06 Nov 1994 08::49:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        ] {
            #expect(HTTPDate.seconds(text) == nil)
        }
    }
}
