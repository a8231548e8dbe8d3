internal import FoundationEssentials
internal import JSON
internal import Queue
internal import Tasks

/// The body of `POST /tasks`. It is decoded in one pass, without an intermediate tree of JSON values.
struct TaskBatch: DecodableWithConfiguration {
    /// Maximum number of tasks in one request.
    static let maxTasks = 10_000
    /// How many attempts a task may have.
    static let attempts = 1...100

    let submissions: [Submission]

    static func parse(_ body: [UInt8], types: TaskRegistry) throws(Problem) -> TaskBatch {
        do {
            return try JSON.decode(TaskBatch.self, from: body, configuration: types)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw .malformedJSON
        }
    }

    init(from decoder: any Decoder, configuration types: TaskRegistry) throws {
        guard var elements = try? decoder.unkeyedContainer() else {
            submissions = [try Self.submission(decoder, index: nil, types)]
            return
        }
        let count = elements.count ?? 0
        guard (1...Self.maxTasks).contains(count) else {
            throw Problem.invalid(member: "body", "must contain 1 to \(Self.maxTasks) tasks, but contains \(count)")
        }
        var submissions: [Submission] = []
        submissions.reserveCapacity(count)
        while !elements.isAtEnd {
            submissions.append(try Self.submission(elements.superDecoder(), index: submissions.count, types))
        }
        self.submissions = submissions
    }

    private static func submission(
        _ decoder: any Decoder, index: Int?, _ types: TaskRegistry
    ) throws -> Submission {
        guard let sent = try? decoder.container(keyedBy: AnyKey.self) else {
            throw Problem.invalid(member: "task", "must be a JSON object", index: index)
        }
        for key in sent.allKeys where SubmissionMember(rawValue: key.stringValue) == nil {
            let known = SubmissionMember.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.invalid(
                member: String(key.stringValue.prefix(100)), "is unknown; the members are: \(known)", index: index)
        }
        let reader = SubmissionReader(sent: sent, index: index)
        let definition = try reader.definition(types)
        return Submission(
            id: TaskID(), task: try reader.input(definition),
            priority: try reader.integer(.priority, Int(Int16.min)...Int(Int16.max)).map { Int16($0) } ?? 0,
            runAt: try reader.time(.runAt), maxAttempts: try reader.integer(.maxAttempts, attempts) ?? 5)
    }

}

private enum SubmissionMember: String, CaseIterable {
    case type, input, priority
    case runAt = "run_at"
    case maxAttempts = "max_attempts"
}

/// Reads the members of one task. Its errors name the invalid member.
private struct SubmissionReader {
    let sent: KeyedDecodingContainer<AnyKey>
    let index: Int?

    func definition(_ types: TaskRegistry) throws(Problem) -> TaskDefinition {
        let known = types.names.joined(separator: ", ")
        guard let name = try? sent.decode(String.self, forKey: key(.type)) else {
            throw wrong(.type, "is required: one of \(known)")
        }
        guard let definition = types.definition(named: name) else {
            throw wrong(.type, "must be one of \(known)")
        }
        return definition
    }

    func input(_ definition: TaskDefinition) throws -> PreparedTask {
        guard sent.contains(key(.input)) else { throw wrong(.input, "is required") }
        do {
            return try definition.prepare(from: sent.superDecoder(forKey: key(.input)))
        } catch let error as InvalidInput {
            throw Problem(error, prefix: "input.", index: index)
        }
    }

    func integer(_ member: SubmissionMember, _ bounds: ClosedRange<Int>) throws(Problem) -> Int? {
        guard isPresent(member) else { return nil }
        guard let value = try? sent.decode(Int.self, forKey: key(member)), bounds.contains(value) else {
            throw wrong(member, "must be an integer from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return value
    }

    func time(_ member: SubmissionMember) throws(Problem) -> Timestamp? {
        guard isPresent(member) else { return nil }
        guard let text = try? sent.decode(String.self, forKey: key(member)), let time = Timestamp(text) else {
            throw wrong(member, "must be a time in RFC 3339 format, like 2030-01-31T12:00:00Z")
        }
        return time
    }

    /// Whether the member is there and not `null`.
    private func isPresent(_ member: SubmissionMember) -> Bool {
        sent.contains(key(member)) && (try? sent.decodeNil(forKey: key(member))) != true
    }

    private func key(_ member: SubmissionMember) -> AnyKey { AnyKey(member.rawValue) }

    private func wrong(_ member: SubmissionMember, _ reason: String) -> Problem {
        .invalid(member: member.rawValue, reason, index: index)
    }
}
