internal import JSON
internal import Queue
internal import Tasks

/// The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a string of structured fields (RFC 9651,
/// section 3.3.3), which clients in the wild also send without its quotes.
enum Idempotency {
    static let longest = 255

    /// The key itself.
    static func key(_ field: String) -> [UInt8]? {
        var bytes = Array(trimmed(field).utf8)
        if bytes.first == UInt8(ascii: "\"") {
            guard let inside = unquoted(bytes) else { return nil }
            bytes = inside
        } else if bytes.contains(UInt8(ascii: " ")) {
            return nil
        }
        guard (1...longest).contains(bytes.count), bytes.allSatisfy({ 0x20...0x7E ~= $0 }) else { return nil }
        return bytes
    }

    private static func unquoted(_ bytes: [UInt8]) -> [UInt8]? {
        var inside: [UInt8] = []
        var rest = bytes.dropFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return rest.isEmpty ? inside : nil
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst(), next == byte || next == UInt8(ascii: "\"") else { return nil }
                inside.append(next)
            default: inside.append(byte)
            }
        }
        return nil
    }
}

extension Request {
    /// The client's word for this submission. What must be the same when it comes again is the path and the body.
    func submissionKey() throws(Problem) -> IdempotencyKey? {
        guard let idempotencyKey else { return nil }
        guard let key = Idempotency.key(idempotencyKey) else {
            throw Problem(400, "Idempotency-Key must be a string of 1 to \(Idempotency.longest) printable characters.")
        }
        return IdempotencyKey(key: key, payload: Array(path.utf8) + [0] + body)
    }

    /// What a cancellation counts once for: the client's key, else the web server's name for the request, else itself.
    func canceller() throws(Problem) -> TaskID {
        guard let key = try submissionKey()?.key else { return name?.taskID(0) ?? TaskID() }
        return TaskID(bytes: KeyedDigest.make(secret: Array("millrace canceller".utf8), key).prefix(16)) ?? TaskID()
    }

    /// Submissions under the ids that follow from this request, if the web server gave it a name.
    func identified(_ submissions: [Submission]) -> [Submission] {
        guard let name else { return submissions }
        var submissions = submissions
        for index in submissions.indices {
            submissions[index].id = name.taskID(index)
            submissions[index].mayComeAgain = true
        }
        return submissions
    }
}

extension Parameter {
    static let idempotencyKey = Parameter(
        name: "Idempotency-Key", place: .header,
        summary: "A random string, such as a UUID. The same request with the same key gets the same tasks again, for a "
            + "day unless the server is set otherwise.",
        schema: ["type": "string", "examples": ["\"8e03978e-40d5-43e8-bc93-6894a57f9324\""]])
}
