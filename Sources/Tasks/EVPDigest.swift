internal import Bytes
internal import COpenSSL

/// A digest algorithm of OpenSSL. It is fetched once, because a fetch by name costs more than the digest of a short
/// text.
struct EVPDigest: @unchecked Sendable {
    private let algorithm: OpaquePointer

    init?(_ name: String) {
        guard let algorithm = EVP_MD_fetch(nil, name, nil) else { return nil }
        self.algorithm = algorithm
    }

    /// The digest of the text's UTF-8 bytes in lower-case hexadecimal.
    func hex(of text: String) throws(TaskFailure) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var size: UInt32 = 0
        var text = text
        let code = text.withUTF8 { EVP_Digest($0.baseAddress, $0.count, &digest, &size, algorithm, nil) }
        guard code == 1 else { throw TaskFailure("OpenSSL could not compute the digest", isRetryable: true) }
        return Hex.encode(digest.prefix(Int(size)))
    }
}

extension HashTaskType {
    /// The digest of the text. If OpenSSL refuses the algorithm (MD5 under a FIPS policy), the task fails with a
    /// message.
    static func digest(_ text: String, with digest: EVPDigest?) throws(TaskFailure) -> String {
        guard let digest else { throw TaskFailure("OpenSSL does not offer \(name) here", isRetryable: false) }
        return try digest.hex(of: text)
    }
}
