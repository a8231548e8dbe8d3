/// The query of a URL as `application/x-www-form-urlencoded` pairs (WHATWG URL, section 5.1).
struct Query: Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    /// The value of the first parameter of that name. `nil`: there is none.
    func value(_ name: String) -> String? {
        guard !text.isEmpty else { return nil }
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            if PercentCoding.decode(parts[0], plusIsSpace: true) == name {
                return parts.count > 1 ? PercentCoding.decode(parts[1], plusIsSpace: true) ?? "" : ""
            }
        }
        return nil
    }
}

enum PercentCoding {
    /// - Returns: `nil` where a `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
    static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexValue), let low = iterator.next().flatMap(hexValue) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
