/// Collects the header lines that decide where a request ends and whether its connection stays open. Refuses every
/// combination that two recipients could read differently (RFC 9112, 6 and 11.2).
struct FramingRules: Sendable {
    private var contentLength: Int?
    private var transferEncodings = 0
    private var isChunked = false
    private var host: ByteRange?
    private var hasAuthorization = false
    private var connection = ConnectionOptions()
    private var hasExpectation = false
    private var expects100 = true

    mutating func take(_ field: HeaderField, _ bytes: Span<UInt8>) throws(HTTPError) {
        switch field.known {
        case .contentLength:
            guard contentLength == nil else { throw .duplicateContentLength }
            contentLength = try ContentLength.parse(bytes, field.value)
        case .transferEncoding:
            transferEncodings += 1
            isChunked = bytes.matches(field.value, ignoringCase: "chunked")
        case .host:
            guard host == nil else { throw .duplicateHost }
            guard Authority.isValid(bytes, field.value) else { throw .malformedHost }
            host = field.value
        case .authorization:
            // Two `Authorization` lines are ambiguous: some programs use the first one, some the last one, and some
            // join them.
            guard !hasAuthorization else { throw .duplicateAuthorization }
            hasAuthorization = true
        case .connection:
            connection.take(bytes, field.value)
        case .expect:
            hasExpectation = true
            if !bytes.matches(field.value, ignoringCase: "100-continue") { expects100 = false }
        default:
            break
        }
    }

    /// Completes the head. Call it after the last line.
    func finish(_ head: inout RequestHead, _ bytes: Span<UInt8>) throws(HTTPError) {
        let isOld = head.version == .http10
        if transferEncodings > 0 {
            guard contentLength == nil else { throw .contentLengthWithTransferEncoding }
            guard !isOld else { throw .transferEncodingInHTTP10 }
            guard transferEncodings == 1, isChunked else { throw .unsupportedTransferEncoding }
            head.body = .chunked
        } else if let contentLength, contentLength > 0 {
            head.body = .length(contentLength)
        }

        guard host != nil || isOld else { throw .missingHost }
        if let authority = head.authority {
            head.replaceHost(authority)
        } else {
            head.authority = host
        }

        head.keepsAlive = connection.keepsAlive(head.version)
        if connection.hasOthers { markHopByHop(&head, bytes) }

        if hasExpectation, !isOld {
            guard expects100 else { throw .unsupportedExpectation }
            head.expectsContinue = head.body != .none
        }
    }

    /// Marks the headers that `Connection` names.
    private func markHopByHop(_ head: inout RequestHead, _ bytes: Span<UInt8>) {
        for index in head.fields.indices where head.fields[index].known == .connection {
            ConnectionOptions.forEach(bytes, head.fields[index].value) { option in
                head.fields.markHopByHop(option, in: bytes)
            }
        }
    }
}

extension RequestHead {
    fileprivate mutating func replaceHost(_ authority: ByteRange) {
        for index in fields.indices where fields[index].known == .host { fields[index].value = authority }
    }
}
