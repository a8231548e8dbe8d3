internal import JSON

/// Argon2id (RFC 9106), the hash for passwords: memory-hard, with a salt.
enum Argon2: HashTaskType {
    static let name = "argon2"
    static let summary = "Argon2id (RFC 9106), by libargon2: a PHC string with a hash of 32 bytes."
    static let string = Member.text("string", "The text whose UTF-8 bytes are hashed, at most 1 MiB.", example: "hello")
    static let timeCost = Member.integer(
        "time_cost", 1...16, default: 3, "Number of passes over the memory.", example: 3)
    /// The memory of one task. A worker with n threads needs up to n times as much.
    static let memoryCost = Member.integer(
        "memory_cost", 8...262_144, default: 65_536, "Memory in KiB, at least 8 times the parallelism.",
        example: 65_536)
    static let parallelism = Member.integer(
        "parallelism", 1...16, default: 4, "Number of lanes. The hash depends on it. One thread computes all lanes.",
        example: 4)
    static let salt = Member.optionalBytes(
        "salt", 8...64, "Random if absent. Then the result is never cached.",
        example: "c29tZXNhbHQ=")
    static let input = InputShape(string, timeCost, memoryCost, parallelism, salt)
    static let hashSchema: JSONValue = ["type": "string", "pattern": "^\\$argon2id\\$v=19\\$"]

    /// RFC 9106, section 3.1: each lane needs eight blocks of 1 KiB.
    static func check(_ input: Input) throws(InvalidInput) {
        let minimum = 8 * input[parallelism]
        guard input[memoryCost] >= minimum else {
            throw .invalid(member: "memory_cost", reason: "must be at least \(minimum), 8 times the parallelism")
        }
    }

    /// If the client gives no salt, each result has its own random salt, and is not cached: a cached result would
    /// reveal that two users have the same password.
    static func isCacheable(_ input: Input) -> Bool { input[salt] != nil }

    static func hash(_ input: Input) throws(TaskFailure) -> String {
        let salt = input[salt] ?? RandomBytes.make(16)
        let parameters = Argon2id(
            timeCost: input[timeCost], memoryCost: input[memoryCost], parallelism: input[parallelism])
        let hash = try parameters.hash(input[string], salt: salt, length: 32)
        return parameters.phc(salt: salt, hash: hash)
    }
}
