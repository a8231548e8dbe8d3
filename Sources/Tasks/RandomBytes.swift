internal import COpenSSL

package enum RandomBytes {
    /// Cryptographically secure random bytes from OpenSSL.
    package static func make(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        // A predictable secret would be worse than a crash.
        precondition(RAND_bytes(&bytes, CInt(count)) == 1, "OpenSSL has no random bytes")
        return bytes
    }
}
