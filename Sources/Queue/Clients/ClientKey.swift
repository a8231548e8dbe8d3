internal import Bytes
internal import Tasks

/// The key of a client: `mr_` and 64 hexadecimal digits (256 random bits).
///
/// It is shown once, when it is made. The database and the nodes only keep its digest.
package struct ClientKey: Sendable, Hashable {
    package let text: String

    /// The beginning of every key.
    package static let prefix = "mr_"
    private static let randomBytes = 32

    /// Makes a new key.
    package init() { text = Self.prefix + Hex.encode(RandomBytes.make(Self.randomBytes)) }

    /// - Returns: `nil` if the text does not have the form of a key.
    package init?(_ text: some StringProtocol) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let digits = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard digits.count == 2 * Self.randomBytes, digits.allSatisfy({ $0.hexValue != nil && $0.lowercased == $0 })
        else { return nil }
        self.text = String(text)
    }

    /// The digest that is stored instead of the key: 32 bytes. The digest needs no secret of the installation, because
    /// a key cannot be guessed.
    package var digest: [UInt8] { KeyedDigest.make(secret: Self.purpose, Array(text.utf8)) }

    private static let purpose = Array("millrace client key".utf8)
}
