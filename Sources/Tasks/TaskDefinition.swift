internal import FoundationEssentials
package import JSON

/// A task type, as the API, the workers and the command line use it.
package struct TaskDefinition: Sendable {
    package let name: String
    package let summary: String
    /// Whether the API also serves it at `POST /hash/<name>` and lists its results in `GET /hashes`.
    package let isHash: Bool
    /// JSON Schema 2020-12.
    package let inputSchema: JSONValue
    /// JSON Schema 2020-12.
    package let resultSchema: JSONValue
    /// How long a computation may take; `nil` for no limit.
    package let timeLimit: Duration?
    /// The smallest valid input.
    package let exampleInput: JSONValue
    private let type: any TaskType.Type
    private let shape: InputShape

    package init(_ type: any TaskType.Type) {
        self.type = type
        name = type.name
        summary = type.summary
        isHash = type.isHash
        timeLimit = type.timeLimit
        shape = type.input
        inputSchema = shape.schema
        resultSchema = Self.resultSchema(type.resultMembers)
        exampleInput = shape.example
    }

    /// Validates an input and converts it to its canonical form.
    /// - Parameter body: the input object as JSON text.
    package func prepare(_ body: [UInt8]) throws(InvalidInput) -> PreparedTask {
        prepared(try read(body))
    }

    /// Validates an input and converts it to its canonical form.
    package func prepare(_ input: JSONValue) throws(InvalidInput) -> PreparedTask {
        prepared(try checked(shape.read(input)))
    }

    /// Validates an input inside a larger document, directly from its decoder. Large batches use this.
    /// - Throws: ``InvalidInput``.
    package func prepare(from decoder: any Decoder) throws -> PreparedTask {
        prepared(try checked(shape.read(decoder)))
    }

    /// The input for a single command-line argument, which is the value of the first member.
    package func input(argument: String) -> JSONValue {
        guard let member = shape.members.first else { return [:] }
        if case .integer = member.kind, let number = Int64(argument) { return [member.name: .integer(number)] }
        return [member.name: .string(argument)]
    }

    /// Computes the task on the calling thread.
    /// - Parameter input: canonical JSON, as prepared.
    /// - Returns: the result as JSON text.
    package func run(_ input: [UInt8]) throws(TaskFailure) -> [UInt8] {
        let read: Input
        do {
            read = try self.read(input)
        } catch {
            // A node of another version accepted the input, but it is invalid here. Another attempt cannot succeed.
            throw TaskFailure("this worker does not accept the input: \(error)", isRetryable: false)
        }
        let start = ContinuousClock.now
        var result = try type.run(read, within: TimeLimit(timeLimit))
        result["execution_time_seconds"] = .number((ContinuousClock.now - start) / .seconds(1))
        return JSONValue.object(result).serialized()
    }

    private func read(_ body: [UInt8]) throws(InvalidInput) -> Input {
        let input: Input
        do {
            input = try JSON.decode(DecodedInput.self, from: body, configuration: shape).input
        } catch let error as InvalidInput {
            throw error
        } catch {
            throw .malformed
        }
        return try checked(input)
    }

    private func checked(_ input: Input) throws(InvalidInput) -> Input {
        try type.check(input)
        return input
    }

    private func prepared(_ input: Input) -> PreparedTask {
        PreparedTask(type: name, input: input.canonical, isCacheable: type.isCacheable(input))
    }

    private static func resultSchema(_ members: [String: JSONValue]) -> JSONValue {
        var properties = members
        properties["execution_time_seconds"] = [
            "type": "number", "minimum": 0, "description": "Duration of the computation itself.",
        ]
        return [
            "type": "object", "properties": .object(properties),
            "required": .array(properties.keys.sorted().map(JSONValue.string)),
        ]
    }
}

/// A task with a validated, canonical input, ready for the queue.
package struct PreparedTask: Sendable, Hashable {
    package let type: String
    /// Canonical JSON text, with the defaults filled in.
    package let input: [UInt8]
    /// Whether the result depends on the input alone, so that it may be cached.
    package let isCacheable: Bool

    package init(type: String, input: [UInt8], isCacheable: Bool) {
        self.type = type
        self.input = input
        self.isCacheable = isCacheable
    }
}
