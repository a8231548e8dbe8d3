internal import FastCGIWire
internal import Bytes
internal import NginxConfig
internal import Reactor

/// Writes the heads of responses to the client's stream.
struct ResponseHeadWriter {
    private let exchange: Exchange
    private let client: any ClientStream
    private let location: RunningLocation

    init(_ exchange: Exchange) {
        self.exchange = exchange
        client = exchange.client
        location = exchange.location
    }

    /// Writes the head of a peer's response.
    func write(_ head: UpstreamResponseHead) {
        let status = exchange.response.status
        let reason = head.reason.isEmpty || status != head.status ? nil : head.text(head.reason)
        client.beginResponse(
            status, reason: reason, contentLength: head.contentLength, mayKeepAlive: !exchange.response.isLast)
        writeServerAndDate()
        let hidesHeaders = !location.settings.upstream.hiddenHeaders.isEmpty
        var hasRequestID = false
        let bytes = head.bytes
        // A message has one content type. If the peer sent several, the last one is used, as in nginx.
        let contentType = head.fields.last { $0.known == .contentType }
        for field in head.fields {
            switch field.known {
            case .contentType where field != contentType: continue
            case .status, .contentLength, .hopByHop, .date, .server, .transferEncoding: continue
            case .xRequestID: hasRequestID = true
            case .accel where !isPassed(field, head): continue
            case _ where hidesHeaders && isHidden(field, head): continue
            default: break
            }
            client.responseField(bytes.span.extracting(field.name), bytes.span.extracting(field.value))
            if location.keepsResponseHeaders {
                exchange.keptHeaders.append(Array(bytes[field.name]), Array(bytes[field.value]))
            }
        }
        if !hasRequestID { write("X-Request-Id", exchange.shownID) }
        writeAddedHeaders()
        client.endResponseHead()
    }

    /// Writes the head of a response of the balancer itself.
    func write(contentType: String?, contentLength: Int?, _ fields: [(StaticString, String)]) {
        client.beginResponse(
            exchange.response.status, reason: nil, contentLength: contentLength,
            mayKeepAlive: !exchange.response.isLast)
        writeServerAndDate()
        if let contentType { write("Content-Type", Array(contentType.utf8)) }
        for field in fields { write(field.0, Array(field.1.utf8)) }
        write("X-Request-Id", exchange.shownID)
        writeAddedHeaders()
        client.endResponseHead()
    }

    /// Writes `Server` and `Date`. Like nginx, the balancer writes its own values into every response.
    private func writeServerAndDate() {
        let time = exchange.loop.time
        guard let template = location.settings.response.serverTokens else {
            return client.responseServerAndDate(time)
        }
        let name = exchange.variables.value(of: template)
        if !name.isEmpty { client.responseField("Server", name) }
        client.responseField("Date", time.http)
    }

    private func write(_ name: StaticString, _ value: [UInt8]) {
        client.responseField(name, value)
        if location.keepsResponseHeaders { exchange.keptHeaders.append(Array(name.description.utf8), value) }
    }

    /// `add_header`.
    private func writeAddedHeaders() {
        if let fields = exchange.route.redirect?.fields {
            for field in fields { client.responseField(field.name.span, field.value.span) }
        }
        for header in location.addedHeaders where header.rule.applies(to: exchange.response.status) {
            let value = exchange.variables.value(of: header.rule.value)
            if value.isEmpty { continue }
            client.responseField(header.name.span, value.span)
            if location.keepsResponseHeaders { exchange.keptHeaders.append(header.name, value) }
        }
    }

    /// Whether `fastcgi_pass_header` passes the field to the client. Without it, the client does not get `X-Accel-…`.
    private func isPassed(_ field: ResponseField, _ head: UpstreamResponseHead) -> Bool {
        location.settings.upstream.passedHeaders.contains { head.isNamed(field, $0) }
    }

    /// Whether `fastcgi_hide_header` hides the field.
    private func isHidden(_ field: ResponseField, _ head: UpstreamResponseHead) -> Bool {
        location.settings.upstream.hiddenHeaders.contains { head.isNamed(field, $0) }
    }
}
