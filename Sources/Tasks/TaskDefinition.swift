internal import FoundationEssentials
package import JSON

/// A task type as all others see it.
package struct TaskDefinition: Sendable {
    package let name: String
    package let summary: String
    /// Whether it is also served at `POST /hash/<name>` and listed by `GET /hashes`.
    package let isHash: Bool
    /// JSON Schema 2020-12.
    package let inputSchema: JSONValue
    /// JSON Schema 2020-12.
    package let resultSchema: JSONValue
    /// How long a computation may take.
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

    /// Checks an input and brings it into its canonical form.
    /// - Parameter body: the input object as JSON text.
    package func prepare(_ body: [UInt8]) throws(InvalidInput) -> PreparedTask {
        prepared(try read(body))
    }

    /// Checks an input and brings it into its canonical form.
    package func prepare(_ input: JSONValue) throws(InvalidInput) -> PreparedTask {
        prepared(try checked(shape.read(input)))
    }

    /// Checks an input inside a larger document, straight from its decoder: the way for large batches.
    /// - Throws: ``InvalidInput``.
    package func prepare(from decoder: any Decoder) throws -> PreparedTask {
        prepared(try checked(shape.read(decoder)))
    }

    /// The input that a command line's single argument stands for: it is the value of the first member.
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
            // A node of another version took it in; here it is out of bounds, and another attempt changes nothing.
            throw TaskFailure("this worker does not take the input: \(error)", isRetryable: false)
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
            "type": "number", "minimum": 0, "description": "How long the computation itself took.",
        ]
        return [
            "type": "object", "properties": .object(properties),
            "required": .array(properties.keys.sorted().map(JSONValue.string)),
        ]
    }
}

/// A task whose input is checked and canonical: what goes into the queue.
package struct PreparedTask: Sendable, Hashable {
    package let type: String
    /// Canonical JSON text, with the defaults filled in.
    package let input: [UInt8]
    /// Whether the input alone determines the result.
    package let isCacheable: Bool

    package init(type: String, input: [UInt8], isCacheable: Bool) {
        self.type = type
        self.input = input
        self.isCacheable = isCacheable
    }
}
