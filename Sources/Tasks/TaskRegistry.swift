/// The task types there are. A new one is a file beside this one and a line here.
package enum TaskRegistry {
    package static let all: [TaskDefinition] = [
        TaskDefinition(MD5.self),
        TaskDefinition(SHA256.self),
        TaskDefinition(Argon2.self),
        TaskDefinition(Primes.self),
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    package static func definition(named name: String) -> TaskDefinition? { byName[name] }
}
