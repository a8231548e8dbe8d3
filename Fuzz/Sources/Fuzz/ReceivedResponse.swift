import FastCGIWire

/// The response that ``FastCGIClientMachine`` reads from a responder's bytes, as a value that can be compared.
struct ReceivedResponse: Equatable {
    struct Head: Equatable {
        var status: Int
        var reason: [UInt8]
        var contentLength: Int?
        var fields: [[UInt8]]
    }

    var head: Head?
    var body: [UInt8] = []
    var diagnostics: [UInt8] = []
    var isEnded = false
    var rejection: EndRequest.ProtocolStatus?
    /// The connection may carry another request: the response has ended, and no bytes follow.
    var isReusable = false
    var error: FastCGIError?

    /// - Parameter ends: the ends of the pieces in which the bytes are received
    init(_ bytes: [UInt8], ends: [Int], keepsConnection: Bool, isHead: Bool, limits: ResponseLimits) {
        var machine = FastCGIClientMachine(limits: limits)
        var request: [UInt8] = []
        machine.begin(keepsConnection: keepsConnection, isHead: isHead, into: &request)
        machine.encoder.endParams(into: &request)
        machine.encoder.endBody(into: &request)
        var start = 0
        for end in ends {
            do throws(FastCGIError) {
                try take(bytes, &start, end, &machine, limits)
            } catch {
                fail(error)
                return
            }
        }
        do throws(FastCGIError) {
            try machine.connectionClosed()
        } catch {
            fail(error)
        }
    }

    private mutating func take(
        _ bytes: [UInt8], _ start: inout Int, _ end: Int, _ machine: inout FastCGIClientMachine,
        _ limits: ResponseLimits
    ) throws(FastCGIError) {
        var position = 0
        defer { start += position }
        let span = bytes.span.extracting(start..<end)
        let base = start
        while true {
            switch try machine.next(span, from: &position) {
            case .needsMore:
                return
            case .head:
                require(head == nil, "a second head")
                head = Self.head(machine.head, limits)
            case .body(let range):
                require(head != nil && !range.isEmpty, "body bytes before the head, or an empty piece")
                body += bytes[base + range.lowerBound..<base + range.upperBound]
            case .diagnostics(let range):
                require(!range.isEmpty, "an empty piece")
                diagnostics += bytes[base + range.lowerBound..<base + range.upperBound]
            case .end(let reusable):
                isEnded = true
                isReusable = reusable
                if !reusable { return }
            case .rejected(let status):
                rejection = status
                return
            }
        }
    }

    /// If bytes follow the end of the response, they arrive together with the end or later. In both cases the response
    /// is valid, but the connection must not be used again.
    private mutating func fail(_ error: FastCGIError) {
        if isEnded || rejection != nil {
            require(error == .bytesAfterEnd, "an error after the end: \(error)")
            isReusable = false
        } else {
            self.error = error
        }
    }

    private static func head(_ head: CGIResponseHead, _ limits: ResponseLimits) -> Head {
        require(head.bytes.count <= limits.head, "the head is larger than its limit")
        require(head.fields.count <= limits.fields, "there are more fields than their limit")
        let fields = head.fields.map { Array(head.bytes[$0.name]) + ": ".utf8 + Array(head.bytes[$0.value]) }
        return Head(
            status: head.status, reason: Array(head.bytes[head.reason]), contentLength: head.contentLength,
            fields: fields)
    }

    /// Encodes the same response, but with one record per header field.
    func serialized() -> [UInt8] {
        var out: [UInt8] = []
        func append(_ type: RecordType, _ content: [UInt8]) {
            RecordHeader(type, requestID: 1, contentLength: content.count, paddingLength: 3).append(to: &out)
            out += content + [1, 2, 3]
        }
        if !diagnostics.isEmpty { append(.stderr, diagnostics) }
        for field in head?.fields ?? [] { append(.stdout, field + "\r\n".utf8) }
        append(.stdout, Array("\r\n".utf8) + body)
        append(.endRequest, [0, 0, 0, 0, 0, 0, 0, 0])
        return out
    }
}
