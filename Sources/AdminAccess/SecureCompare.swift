internal import COpenSSL

package enum SecureCompare {
    /// Compares secrets. The time depends on the lengths of the secrets, but not on their contents.
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
