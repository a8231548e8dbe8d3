internal import JSON

/// MD5 (RFC 1321).
enum MD5: HashTaskType {
    static let name = "md5"
    static let summary = "MD5 (RFC 1321), by OpenSSL. Not for security: collisions are easy to make."
    static let string = Member.text("string", "The text whose UTF-8 bytes are hashed, at most 1 MiB.", example: "hello")
    static let input = InputShape(string)
    static let hashSchema: JSONValue = ["type": "string", "pattern": "^[0-9a-f]{32}$"]
    private static let algorithm = EVPDigest("MD5")

    static func hash(_ input: Input) throws(TaskFailure) -> String {
        try digest(input[string], with: algorithm)
    }
}
