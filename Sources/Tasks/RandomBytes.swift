internal import COpenSSL

package enum RandomBytes {
    /// Bytes that nobody can guess, from OpenSSL's generator.
    package static func make(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        // Without entropy no secret can be made, and a wrong one is worse than a stop.
        precondition(RAND_bytes(&bytes, CInt(count)) == 1, "OpenSSL has no random bytes")
        return bytes
    }
}
