internal import Balancing
internal import FastCGIWire
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// What the balancer says itself.
enum Refusal {
    case malformed(HTTPError)
    case bodyTooLarge
    case notFound
    /// `deny`.
    case denied
    /// `return` with a status from 400 on and no text.
    case configured(Int)
    /// A range that a file of this length does not have.
    case unsatisfiable(length: Int)
    case headerTimeout
    case bodyTimeout
    case rateLimited(Int, limitIndex: Int, RequestBudget)
    /// `limit_conn`.
    case tooManyConnections(Int)
    case upstream(ExchangeMachine.Refusal)
}

extension Exchange {
    /// Begins the node's response.
    func responseHead(_ head: CGIResponseHead) {
        machine.responseBegan()
        responseBegan()
        if let probe { return probe.take(head) }
        status = redirect?.status ?? head.status
        attempts[attempts.count - 1].status = head.status
        attempts[attempts.count - 1].headerAt = loop.events.now
        if head.hasAccel { obeyAccelHeaders(head) }
        let location: RunningLocation = location
        let reason = head.reason.isEmpty || status != head.status ? nil : head.text(head.reason)
        let keepsHeaders = location.keepsResponseHeaders
        let hidesHeaders = !location.settings.fastCGI.hiddenHeaders.isEmpty
        client.beginResponse(status, reason: reason, contentLength: head.contentLength, mayKeepAlive: !mustClose)
        beginFields()
        var hasIdentity = false
        let bytes = head.bytes
        // A message has one: the last that the node gave, as in nginx.
        let contentType = head.fields.last { $0.known == .contentType }
        for field in head.fields {
            switch field.known {
            case .contentType where field != contentType: continue
            case .status, .contentLength, .hopByHop, .date, .server, .transferEncoding: continue
            case .xRequestID: hasIdentity = true
            case .accel where isForServer(bytes, field.name): continue
            case _ where hidesHeaders && isHidden(field.name, bytes): continue
            default: break
            }
            client.responseField(bytes.span.extracting(field.name), bytes.span.extracting(field.value))
            if keepsHeaders { keepHeader(Array(bytes[field.name]), Array(bytes[field.value])) }
        }
        if !hasIdentity {
            client.responseField("X-Request-Id", identity)
            if keepsHeaders { keepHeader(Array("x-request-id".utf8), identity) }
        }
        addHeaders()
        client.endResponseHead()
    }

    /// nginx answers for itself with these two in every response.
    func beginFields() {
        if let template = location.settings.response.serverTokens {
            let name = value(of: template)
            if !name.isEmpty { client.responseField("Server", name) }
        } else {
            client.responseField("Server", Self.serverName)
        }
        client.responseField("Date", loop.time.http)
    }

    private static let serverName = Array("millrace".utf8)

    /// `X-Accel-…` speaks to the web server, not to the client, unless `fastcgi_pass_header` says otherwise.
    private func isForServer(_ bytes: [UInt8], _ name: Range<Int>) -> Bool {
        !location.settings.fastCGI.passedHeaders.contains { Self.isEqual(bytes, name, $0) }
    }

    /// `fastcgi_hide_header`.
    private func isHidden(_ name: Range<Int>, _ bytes: [UInt8]) -> Bool {
        for hidden in location.settings.fastCGI.hiddenHeaders where Self.isEqual(bytes, name, hidden) { return true }
        return false
    }

    /// - Parameter other: in lower case
    static func isEqual(_ bytes: [UInt8], _ name: Range<Int>, _ other: String) -> Bool {
        name.count == other.utf8.count
            && zip(bytes[name], other.utf8).allSatisfy { ($0 &- 0x41 < 26 ? $0 | 0x20 : $0) == $1 }
    }

    /// The fields of an answer of the balancer's own.
    func addOwnFields(contentType: String?, _ fields: [(StaticString, String)]) {
        if let contentType { addOwnField("Content-Type", Array(contentType.utf8)) }
        for field in fields { addOwnField(field.0, Array(field.1.utf8)) }
        addOwnField("X-Request-Id", identity)
    }

    private func addOwnField(_ name: StaticString, _ value: [UInt8]) {
        client.responseField(name, value)
        if location.keepsResponseHeaders { keepHeader(Array(name.description.utf8), value) }
    }

    private func keepHeader(_ name: [UInt8], _ value: [UInt8]) {
        responseHeaders.append((name, value))
    }

    /// FCGI_STDERR.
    func diagnostics(_ bytes: Span<UInt8>) {
        var text: [UInt8] = []
        text.append(contentsOf: bytes)
        log(.error, "FastCGI sent in stderr: \"\(String(decoding: text, as: UTF8.self))\"")
    }

    /// Answers with a problem document (RFC 9457).
    func refuse(_ refusal: Refusal) {
        if let probe { return probe.abortResponse() }
        let problem: (status: Int, detail: String)
        var fields: [(StaticString, String)] = []
        switch refusal {
        case .malformed(let error):
            problem = (error.status, "\(error).")
            if error == .methodRefused { fields = [("Allow", HTTPMethod.allowed)] }
            mustClose = true
            log(.info, "client sent an invalid request: \(error)")
        case .bodyTooLarge:
            // Without a number: a node's limit is lower, and the one that users are told (see millrace.conf).
            problem = (413, "The body is larger than this server takes.")
            mustClose = true
        case .notFound:
            problem = (404, "There is nothing at this path.")
        case .denied:
            problem = (403, "This client may not call this path.")
        case .configured(let status):
            problem = (status, "This is what the server's configuration answers here.")
        case .unsatisfiable(let length):
            problem = (416, "The file does not have this range.")
            fields = [("Content-Range", "bytes */\(length)")]
        case .headerTimeout:
            problem = (408, "The request's header did not arrive in time.")
            mustClose = true
        case .bodyTimeout:
            problem = (408, "The request's body did not arrive in time.")
            mustClose = true
        case .rateLimited(let status, let index, let budget):
            problem = (
                status,
                "This client may send \(budget.limit) requests at once, and as many more in \(budget.windowSeconds) seconds."
            )
            fields = Self.fields(of: budget, policy: location.limitNames[index])
        case .tooManyConnections(let status):
            problem = (status, "This client has too many requests under way.")
            fields = [("Retry-After", "1")]
        case .upstream(.badGateway):
            problem = (502, "No node could be reached, or none gave a proper answer.")
        case .upstream(.gatewayTimeout):
            problem = (504, "The node did not answer in time.")
        case .upstream(.noPlace):
            problem = (503, "Every node is busy.")
            fields = [("Retry-After", "1")]
        }
        if isLedToErrorPage(problem.status) { return }
        redirect?.status = nil
        let document = ProblemDocument.bytes(problem.status, Self.sentence(problem.detail), requestID: identity)
        answer(
            problem.status, contentType: ProblemDocument.mediaType, document, fields: fields + [Self.noStore])
    }

    /// `Retry-After`, and the headers of draft-ietf-httpapi-ratelimit-headers. `t` is the time until more can be had
    /// than the `r` that is left: of a refused client, for whom nothing is left, the time in `Retry-After`.
    private static func fields(of budget: RequestBudget, policy name: String) -> [(StaticString, String)] {
        [
            ("Retry-After", "\(budget.retrySeconds)"),
            ("RateLimit-Policy", "\"\(name)\";q=\(budget.limit);w=\(budget.windowSeconds)"),
            ("RateLimit", "\"\(name)\";r=\(budget.remaining);t=\(budget.retrySeconds)"),
        ]
    }

    private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    /// For what holds now only: without it, a cache may keep even a 404 (RFC 9111, 4.2.2).
    static let noStore: (StaticString, String) = ("Cache-Control", "no-store")

    /// `add_header`.
    func addHeaders() {
        if let fields = redirect?.fields {
            for field in fields { client.responseField(field.name.span, field.value.span) }
        }
        for header in location.addedHeaders where header.rule.applies(to: status) {
            let value = value(of: header.rule.value)
            if value.isEmpty { continue }
            client.responseField(header.name.span, value.span)
            if location.keepsResponseHeaders { keepHeader(header.name, value) }
        }
    }

    /// A response of the balancer's own.
    /// - Parameter contentType: nil for one without a body
    func answer(
        _ status: Int, contentType: String?, _ body: [UInt8], fields: [(StaticString, String)] = []
    ) {
        guard !isResponseBegun else { return client.abortResponse() }
        takeOver()
        let status = redirect?.status ?? status
        self.status = status
        client.beginResponse(status, reason: nil, contentLength: body.count, mayKeepAlive: !mustClose)
        beginFields()
        addOwnFields(contentType: contentType, fields)
        addHeaders()
        client.endResponseHead()
        client.responseBody(body.span)
        client.endResponse()
        client.flushResponse()
    }
}
