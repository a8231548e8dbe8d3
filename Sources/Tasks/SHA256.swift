internal import JSON

/// SHA-256 (FIPS 180-4).
enum SHA256: HashTaskType {
    static let name = "sha256"
    static let summary = "SHA-256 (FIPS 180-4), by OpenSSL."
    static let string = Member.text("string", "The text whose UTF-8 bytes are hashed, at most 1 MiB.", example: "hello")
    static let input = InputShape(string)
    static let hashSchema: JSONValue = ["type": "string", "pattern": "^[0-9a-f]{64}$"]
    private static let algorithm = EVPDigest("SHA256")

    static func hash(_ input: Input) throws(TaskFailure) -> String {
        try digest(input[string], with: algorithm)
    }
}
