import Bytes
import Testing

@testable import Tasks

struct Base64Tests {
    @Test func `the schema's pattern matches exactly the texts that decode to an allowed number of bytes`() throws {
        let pattern = try Regex(Base64.pattern(for: 8...64))
        for count in 0...70 {
            let padded = Base64.encode([UInt8](repeating: 0xa5, count: count))
            let unpadded = Base64.encode([UInt8](repeating: 0xa5, count: count), isPadded: false)
            for text in [padded, unpadded] {
                #expect((text.wholeMatch(of: pattern) != nil) == (8...64).contains(count), "\(text)")
            }
        }
        for text in ["no base64!  ", "c29tZXNhbHQ==", "c29tZXNhbHQ=c29t", "c29tZXNhbHQ_", "c29tZXNhbHQ=\n"] {
            #expect(text.wholeMatch(of: pattern) == nil)
            #expect(Base64.decode(text.utf8) == nil)
        }
    }
}
