internal import CArgon2
internal import COpenSSL

extension Ledger.Expectation {
    /// Whether a result is right. Uses the libraries directly, not the code under test.
    func isMet(by hash: String) -> Bool {
        switch self {
        case .sha256(let text): Self.sha256(text) == hash
        case .argon2(let text):
            Array(text.utf8).withUnsafeBytes { argon2id_verify(hash, $0.baseAddress, $0.count) == 0 }
        }
    }

    private static func sha256(_ string: String) -> String {
        let bytes = Array(string.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(bytes, bytes.count, &digest)
        return digest.map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0\(text)" : text
        }.joined()
    }
}
