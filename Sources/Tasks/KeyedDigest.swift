internal import COpenSSL

/// HMAC-SHA256 (RFC 2104).
package enum KeyedDigest {
    /// - Returns: 32 bytes.
    package static func make(secret: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var size: UInt32 = 0
        let result = HMAC(EVP_sha256(), secret, CInt(secret.count), message, message.count, &digest, &size)
        precondition(result != nil && size == 32, "OpenSSL has no HMAC-SHA256")
        return digest
    }
}
