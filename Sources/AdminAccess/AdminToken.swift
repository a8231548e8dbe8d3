internal import Bytes

/// The admin token in the form of its file: one complete header line, so that `curl -H @FILE` sends it.
package struct AdminToken: Sendable, Hashable {
    /// The file's name in the data folder of `millrace up`.
    package static let fileName = "admin.token"

    package let value: String

    /// A new token: 256 random bits from the kernel (getrandom(2)), in hexadecimal.
    package static func random() -> AdminToken {
        var generator = SystemRandomNumberGenerator()
        return AdminToken(value: Hex.encode((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))
    }

    private init(value: String) { self.value = value }

    /// - Parameter text: the contents of a token file.
    /// - Returns: `nil` if the text is not exactly one line `Authorization: Bearer TOKEN`.
    package init?(headerLine text: String) {
        let name = "authorization:"
        let line = text.hasSuffix("\n") ? text.dropLast() : text[...]
        guard line.prefix(name.count).utf8.isEqual(ignoringCase: name.utf8),
            let token = BearerToken.value(of: String(line.dropFirst(name.count).drop { $0 == " " })),
            Self.isValid(token)
        else { return nil }
        value = String(token)
    }

    package var headerLine: String { "Authorization: Bearer \(value)\n" }

    /// Whether a client can send the token in a header: it is visible ASCII without spaces.
    static func isValid(_ token: Substring) -> Bool {
        !token.isEmpty && token.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
