/// The key of a cached result. It is a keyed digest, so that somebody who can read the table cannot guess an input and
/// test the guess.
package struct CacheKey: Sendable, Hashable {
    /// The digest, which has 32 bytes.
    package let bytes: [UInt8]

    /// HMAC-SHA256 of the type's name, a zero byte, and the input.
    /// - Parameter input: canonical JSON, as in ``PreparedTask``.
    package init(_ secret: KeyedDigest, type: String, input: [UInt8]) {
        var message = Array(type.utf8)
        message.reserveCapacity(message.count + 1 + input.count)
        message.append(0)
        message.append(contentsOf: input)
        bytes = secret.make(message)
    }
}
