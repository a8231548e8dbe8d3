internal import JSON

/// Argon2id (RFC 9106), the hash for passwords: memory-hard, with a salt.
enum Argon2: HashTaskType {
    static let name = "argon2"
    static let summary = "Argon2id (RFC 9106), by libargon2: a PHC string with a hash of 32 bytes."
    static let string = Member.text("string", "The text whose UTF-8 bytes are hashed, at most 1 MiB.", example: "hello")
    static let timeCost = Member.integer(
        "time_cost", 1...16, default: 3, "Passes over the memory.", example: 3)
    /// The memory of one task: a worker of n threads uses n times as much at most.
    static let memoryCost = Member.integer(
        "memory_cost", 8...262_144, default: 65_536, "Memory in KiB, at least 8 times the parallelism.",
        example: 65_536)
    static let parallelism = Member.integer(
        "parallelism", 1...16, default: 4, "Lanes. They shape the hash; one thread computes them all.", example: 4)
    static let salt = Member.optionalBytes(
        "salt", 8...64, "Random when absent; such a result is never served from the cache.",
        example: "c29tZXNhbHQ=")
    static let input = InputShape(string, timeCost, memoryCost, parallelism, salt)
    static let hashSchema: JSONValue = ["type": "string", "pattern": "^\\$argon2id\\$v=19\\$"]

    /// RFC 9106, section 3.1: eight blocks of 1 KiB for each lane.
    static func check(_ input: Input) throws(InvalidInput) {
        let least = 8 * input[parallelism]
        guard input[memoryCost] >= least else {
            throw .invalid(member: "memory_cost", reason: "must be at least \(least), 8 times the parallelism")
        }
    }

    /// A salt of its own for each result: a shared one would tell that two users have the same password.
    static func isCacheable(_ input: Input) -> Bool { input[salt] != nil }

    static func hash(_ input: Input) throws(TaskFailure) -> String {
        let salt = input[salt] ?? RandomBytes.make(16)
        let parameters = Argon2id(
            timeCost: input[timeCost], memoryCost: input[memoryCost], parallelism: input[parallelism])
        let hash = try parameters.hash(input[string], salt: salt, length: 32)
        return parameters.phc(salt: salt, hash: hash)
    }
}
