internal import COpenSSL

package enum SecureCompare {
    /// Compares secrets in a time that depends on neither's contents. Their lengths may show.
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
