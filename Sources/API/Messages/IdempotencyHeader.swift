internal import Bytes
internal import JSON
internal import Queue
internal import RawStructuredFieldValues
internal import Tasks

/// The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). Its value is a structured-field string
/// (RFC 9651, section 3.3.3), which has quotes. Many clients send it without quotes, so that form is accepted too.
enum IdempotencyHeader {
    /// Maximum number of characters.
    static let maxLength = 255

    /// The key; `nil` if the value is malformed.
    static func key(_ value: String) -> [UInt8]? {
        let value = trimmed(value)
        guard let text = value.hasPrefix("\"") ? quoted(value) : unquoted(value) else { return nil }
        let key = Array(text.utf8)
        guard (1...maxLength).contains(key.count), key.allSatisfy({ $0.isVisible || $0 == ASCII.space }) else {
            return nil
        }
        return key
    }

    private static func quoted(_ value: String) -> String? {
        var parser = StructuredFieldValueParser(Array(value.utf8))
        guard case .string(let text)? = try? parser.parseItemFieldValue().rfc9651BareItem else { return nil }
        return text
    }

    private static func unquoted(_ value: String) -> String? { value.contains(" ") ? nil : value }
}

extension APIRequest {
    /// The client's idempotency key; `nil` if it sent none. All requests with one key must have the same path and body.
    func submissionKey() throws(Problem) -> IdempotencyKey? {
        guard let idempotencyKey else { return nil }
        guard let key = IdempotencyHeader.key(idempotencyKey) else {
            throw Problem(
                400, "Idempotency-Key must be a string of 1 to \(IdempotencyHeader.maxLength) printable characters.")
        }
        return IdempotencyKey(key: key, payload: Array(path.utf8) + [0] + body, client: caller.client)
    }

    /// The id of a cancellation. If the request is repeated, the id is the same, so the cancellation counts once. The
    /// id is derived from the client's idempotency key. If there is none, it is derived from the balancer's id for the
    /// request. If there is neither, it is random.
    func canceller() throws(Problem) -> TaskID {
        guard let key = try submissionKey()?.key else { return name?.taskID(0) ?? TaskID() }
        return TaskID(bytes: KeyedDigest.make(secret: Array("millrace canceller".utf8), key).prefix(16)) ?? TaskID()
    }

    /// The submissions with their client, or with the network of an anonymous client. If the balancer gave the request an id, the ids of the tasks are made from
    /// that id. So if the balancer sends the request to a second node too, no second task is created.
    func identified(_ submissions: [Submission]) -> [Submission] {
        var submissions = submissions
        let network = caller.client.isAnonymous ? ClientNetwork(address: remoteAddress) : nil
        for index in submissions.indices {
            submissions[index].client = caller.client
            submissions[index].network = network
        }
        guard let name else { return submissions }
        for (index, id) in name.taskIDs(submissions.count).enumerated() {
            submissions[index].id = id
            submissions[index].mayBeResent = true
        }
        return submissions
    }
}

extension Parameter {
    static let idempotencyKey = Parameter(
        name: "Idempotency-Key", location: .header,
        summary: "A random string, such as a UUID. A repeated request with the same key gets the same tasks again. The "
            + "server keeps keys for one day, unless configured otherwise.",
        schema: ["type": "string", "examples": ["\"8e03978e-40d5-43e8-bc93-6894a57f9324\""]])
}
