import NginxConfig
import Testing

@testable import Balancer

/// Preconditions and ranges of a file of 10 bytes.
struct FileConditionsTests {
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let dayBefore = "Sat, 05 Nov 1994 08:49:37 GMT"
    private static let dayAfter = "Mon, 07 Nov 1994 08:49:37 GMT"
    private static let tag = "\"2ebc98a1-a\""

    private static func answer(
        _ fields: [String: String], tag: String? = tag, rule: IfModifiedSince = .exact
    ) -> FileConditions.Answer {
        FileConditions(size: 10, modified: 784_111_777, tag: tag, rule: rule).answer { fields[$0] }
    }

    static let ranges: [(fields: [String: String], answer: FileConditions.Answer)] = [
        ([:], .whole),
        (["range": "bytes=0-3"], .part(0..<4)),
        (["range": "bytes=-3"], .part(7..<10)),
        (["range": "bytes=4-"], .part(4..<10)),
        (["range": "bytes=20-"], .rangeNotSatisfiable),
        (["range": "items=1-2"], .whole),
        (["range": "bytes=0-3", "if-range": tag], .part(0..<4)),
        (["range": "bytes=0-3", "if-range": "\"x\""], .whole),
        (["range": "bytes=0-3", "if-range": date], .part(0..<4)),
        (["range": "bytes=0-3", "if-range": dayAfter], .whole),
    ]

    @Test(arguments: ranges) func `a range is a part of the file, unless If-Range does not match`(
        _ row: (fields: [String: String], answer: FileConditions.Answer)
    ) {
        #expect(Self.answer(row.fields) == row.answer)
    }

    static let preconditions: [(fields: [String: String], answer: FileConditions.Answer)] = [
        (["if-modified-since": date], .notModified),
        (["if-modified-since": "nonsense"], .whole),
        (["if-none-match": tag], .notModified),
        (["if-none-match": "\"x\", W/\(tag)"], .notModified),
        (["if-none-match": "*"], .notModified),
        (["if-none-match": "\"x\""], .whole),
        (["if-none-match": tag, "if-modified-since": dayAfter], .whole),
        (["if-none-match": tag, "range": "bytes=0-3"], .notModified),
        (["if-match": tag], .whole),
        (["if-match": "W/\(tag)"], .preconditionFailed),
        (["if-match": "\"x\""], .preconditionFailed),
        (["if-match": "*"], .whole),
        (["if-unmodified-since": date], .whole),
        (["if-unmodified-since": dayBefore], .preconditionFailed),
    ]

    @Test(arguments: preconditions) func `preconditions are evaluated like those of nginx`(
        _ row: (fields: [String: String], answer: FileConditions.Answer)
    ) {
        #expect(Self.answer(row.fields) == row.answer)
    }

    @Test func `if_modified_since sets how dates are compared`() {
        let fields = ["if-modified-since": Self.dayAfter]
        #expect(Self.answer(fields, rule: .exact) == .whole)
        #expect(Self.answer(fields, rule: .before) == .notModified)
        #expect(Self.answer(fields, rule: .off) == .whole)
    }

    @Test func `with etag off no tag matches`() {
        #expect(Self.answer(["if-none-match": Self.tag], tag: nil) == .whole)
        #expect(Self.answer(["if-match": Self.tag], tag: nil) == .preconditionFailed)
        #expect(Self.answer(["if-match": "*"], tag: nil) == .whole)
    }
}
