import Testing

@testable import Queue

@Suite struct Values {
    @Test func `Ids are UUIDs of version 7, grow, contain their time, and can be read back from text and bytes`() throws
    {
        var last = TaskID()
        for _ in 0..<10_000 {
            let id = TaskID()
            #expect(id > last && id.description > last.description)
            last = id
        }
        let text = last.description
        #expect(text.count == 36 && Array(text)[14] == "7" && "89ab".contains(Array(text)[19]))
        #expect(TaskID(text) == last && TaskID(text.uppercased()) == last && TaskID(bytes: last.bytes) == last)
        let made = try #require(last.createdAt)
        #expect(abs(made.microseconds - Timestamp.now.microseconds) < 10_000_000)
    }

    @Test(arguments: [
        "", "x", "0190a5c2-0000-7000-8000-00000000000", "0190a5c2-0000-7000-8000-0000000000000",
        "0190a5c200007000800000000000000000000000", "0190a5c2-0000-7000-8000-00000000000g",
        "0190a5c2_0000-7000-8000-000000000000", "{0190a5c2-0000-7000-8000-000000000000}",
    ])
    func `A text that is not a UUID is no id`(text: String) {
        #expect(TaskID(text) == nil)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-01-31T12:00:00.000001Z", 1_769_860_800_000_001),
        ("2000-02-29T23:59:60Z", 951_868_800_000_000), ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-01-31t14:30:00.5+02:30", 1_769_860_800_500_000), ("2026-01-31 11:00:00-01:00", 1_769_860_800_000_000),
        ("2026-01-31T12:00:00.1234567Z", 1_769_860_800_123_456),
    ])
    func `RFC 3339 is parsed`(text: String, microseconds: Int64) throws {
        let time = try #require(Timestamp(text))
        #expect(time.microseconds == microseconds)
        #expect(Timestamp(time.description) == time)
    }

    @Test(arguments: [
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
        "2026-01-01", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z ", "2026-1-1T00:00:00Z", "now",
        "2026-01-01T00:00:00+25:00",
    ])
    func `A text that is not RFC 3339 is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `Times have six digits of the second`() {
        #expect(Timestamp(microseconds: 1_769_860_800_000_001).description == "2026-01-31T12:00:00.000001Z")
        #expect(Timestamp(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
    }
}
