package import JSON

/// A kind of work, as its author writes it: one file with one of these, and one line in ``TaskRegistry/builtIn``.
///
/// Its endpoint, validation, OpenAPI entry, metrics and command line follow from that. A task is pure: no state,
/// no clock, no network; input in, result out, on a thread that it may keep busy.
package protocol TaskType: Sendable {
    /// What clients call it: lower-case letters, digits and `-`.
    static var name: String { get }
    /// One sentence for the API's documentation.
    static var summary: String { get }
    /// Whether this is a hash: then it is also served at `POST /hash/<name>` and listed by `GET /hashes`.
    static var isHash: Bool { get }
    static var input: InputShape { get }
    /// JSON Schema of each member of the result, except `execution_time_seconds`, which every result has.
    static var resultMembers: [String: JSONValue] { get }

    /// Rules that concern more than one member.
    static func check(_ input: Input) throws(InvalidInput)
    /// Whether the input alone determines the result, so that it may be served from the cache.
    static func isCacheable(_ input: Input) -> Bool
    /// - Returns: the members of the result.
    static func run(_ input: Input) throws(TaskFailure) -> [String: JSONValue]

    /// How long it may take; `nil`: its input bounds it. In whole seconds.
    static var timeLimit: Duration? { get }
    /// What is called, with ``timeLimit``; for a task that asks for the time.
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

/// A task type that computes a hash of a text: its result names the algorithm.
package protocol HashTaskType: TaskType {
    /// JSON Schema of the hash.
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
