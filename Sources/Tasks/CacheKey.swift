/// The key of a cached result. It is a keyed digest, so that somebody who can read the table cannot guess an input and
/// test the guess.
package struct CacheKey: Sendable, Hashable {
    /// The digest, which has 32 bytes.
    package let bytes: [UInt8]

    /// HMAC-SHA256 of the type's name, a zero byte, and the input. If the client has a key, a byte 1 and the client's id
    /// come first, so that clients do not share results. (The name of a type never begins with a byte 1.)
    /// - Parameters:
    ///   - input: canonical JSON, as in ``PreparedTask``.
    ///   - client: the id of the client that submits the task; 0 for an anonymous one.
    package init(_ secret: KeyedDigest, type: String, input: [UInt8], client: Int64 = 0) {
        var message: [UInt8] = []
        message.reserveCapacity(10 + type.utf8.count + input.count)
        if client != 0 {
            message.append(1)
            withUnsafeBytes(of: client.bigEndian) { message.append(contentsOf: $0) }
        }
        message.append(contentsOf: type.utf8)
        message.append(0)
        message.append(contentsOf: input)
        bytes = secret.make(message)
    }
}
