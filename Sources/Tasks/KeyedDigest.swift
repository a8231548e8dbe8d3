internal import COpenSSL

/// HMAC-SHA256 (RFC 2104) with one secret. Reuse it for several messages: setting up the secret takes five times as
/// long as the digest of a short message. Only one thread may use it.
package final class KeyedDigest {
    private let context: OpaquePointer

    package init(secret: [UInt8]) {
        guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil), let context = EVP_MAC_CTX_new(algorithm) else {
            preconditionFailure("OpenSSL has no HMAC")
        }
        EVP_MAC_free(algorithm)
        self.context = context
        var name = Array("SHA256".utf8CString)
        let isReady = name.withUnsafeMutableBufferPointer { name in
            let parameters = [
                OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0), OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_init(context, secret, secret.count, parameters) == 1
        }
        precondition(isReady, "OpenSSL has no HMAC-SHA256")
    }

    deinit { EVP_MAC_CTX_free(context) }

    /// - Returns: 32 bytes.
    package func make(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var size = 0
        // If no key is passed, EVP_MAC_init reuses the previous key.
        let isDone =
            EVP_MAC_init(context, nil, 0, nil) == 1 && EVP_MAC_update(context, message, message.count) == 1
            && EVP_MAC_final(context, &digest, &size, digest.count) == 1
        precondition(isDone && size == 32, "OpenSSL has no HMAC-SHA256")
        return digest
    }

    /// - Returns: 32 bytes.
    package static func make(secret: [UInt8], _ message: [UInt8]) -> [UInt8] {
        KeyedDigest(secret: secret).make(message)
    }
}
