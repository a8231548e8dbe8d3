package import JSON

/// A built-in task type. To add one, write a file with a type that conforms to this protocol, and add a line to
/// ``TaskRegistry/builtIn``.
///
/// The endpoint, validation, OpenAPI entry, metrics and command line are derived from the type. A task is a pure
/// function of its input, without state, clock or network. It may use its thread for a long time.
package protocol TaskType: Sendable {
    /// The name that clients use: lower-case letters, digits and `-`.
    static var name: String { get }
    /// One sentence for the API's documentation.
    static var summary: String { get }
    /// Whether this is a hash. If so, the API also serves it at `POST /hash/<name>` and lists its results in
    /// `GET /hashes`.
    static var isHash: Bool { get }
    static var input: InputShape { get }
    /// The JSON Schema of each member of the result, without `execution_time_seconds`, which every result has.
    static var resultMembers: [String: JSONValue] { get }

    /// Checks the rules that involve more than one member.
    static func check(_ input: Input) throws(InvalidInput)
    /// Whether the result depends on the input alone, so that it may be cached.
    static func isCacheable(_ input: Input) -> Bool
    /// - Returns: the members of the result.
    static func run(_ input: Input) throws(TaskFailure) -> [String: JSONValue]

    /// How long a computation may take, in whole seconds; `nil` if the bounds of the input already limit the time.
    static var timeLimit: Duration? { get }
    /// Computes the task within ``timeLimit``. A task that can take long implements this method and regularly checks
    /// `limit`.
    static func run(_ input: Input, within limit: TimeLimit) throws(TaskFailure) -> [String: JSONValue]
}

extension TaskType {
    package static func check(_ input: Input) throws(InvalidInput) {}
    package static func isCacheable(_ input: Input) -> Bool { true }
    package static var timeLimit: Duration? { nil }
    package static func run(_ input: Input, within limit: TimeLimit) throws(TaskFailure) -> [String: JSONValue] {
        try run(input)
    }
}

/// A task type that computes a hash of a text. Its result names the algorithm.
package protocol HashTaskType: TaskType {
    /// The JSON Schema of the hash.
    static var hashSchema: JSONValue { get }
    static func hash(_ input: Input) throws(TaskFailure) -> String
}

extension HashTaskType {
    package static var isHash: Bool { true }

    package static var resultMembers: [String: JSONValue] {
        ["algorithm": ["const": .string(name)], "hash": hashSchema]
    }

    package static func run(_ input: Input) throws(TaskFailure) -> [String: JSONValue] {
        ["algorithm": .string(name), "hash": .string(try hash(input))]
    }
}
