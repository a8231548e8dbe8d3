internal import Bytes

/// The options in the `Connection` lines of a message (RFC 9110, 7.6.1; RFC 9112, 9.3).
struct ConnectionOptions: Sendable {
    private var closes = false
    private var keepsAlive = false
    /// Whether there are options other than `close` and `keep-alive`. Such options name headers that are for this
    /// connection only.
    private(set) var hasOthers = false

    mutating func take(_ bytes: Span<UInt8>, _ value: ByteRange) {
        Self.forEach(bytes, value) { option in
            if bytes.matches(option, ignoringCase: "close") {
                closes = true
            } else if bytes.matches(option, ignoringCase: "keep-alive") {
                keepsAlive = true
            } else {
                hasOthers = true
            }
        }
    }

    func keepsAlive(_ version: HTTPVersion) -> Bool {
        switch version {
        case .http11: !closes
        case .http10: keepsAlive && !closes
        }
    }

    /// Calls `body` for each element of a comma-separated list, without the blanks around it. Skips empty elements.
    static func forEach(_ bytes: Span<UInt8>, _ list: ByteRange, _ body: (ByteRange) -> Void) {
        var start = list.start
        while start < list.end {
            var end = start
            while end < list.end, bytes[end] != ASCII.comma { end += 1 }
            let element = bytes.trimmed(start, end)
            if !element.isEmpty { body(element) }
            start = end + 1
        }
    }
}
