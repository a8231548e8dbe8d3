/// The task types that a process knows, in the order in which they are listed.
package struct TaskRegistry: Sendable {
    package let all: [TaskDefinition]
    private let byName: [String: TaskDefinition]

    /// - Precondition: no two definitions have the same name.
    package init(_ all: [TaskDefinition]) {
        self.all = all
        byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    }

    package var names: [String] { all.map(\.name) }

    /// The types that are also served at `POST /hash/<name>`.
    package var hashes: [TaskDefinition] { all.filter(\.isHash) }

    package func definition(named name: String) -> TaskDefinition? { byName[name] }
}

extension TaskRegistry {
    /// The types that are compiled into this program. To add a type, add a file next to this one and a line here.
    package static let builtIn = TaskRegistry([
        TaskDefinition(MD5.self),
        TaskDefinition(SHA256.self),
        TaskDefinition(Argon2.self),
        TaskDefinition(Primes.self),
    ])
}
