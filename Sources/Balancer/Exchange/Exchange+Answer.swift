internal import FastCGIWire
internal import Bytes
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The response: a peer's, or one of the balancer's own.
extension Exchange {
    /// The field for answers that are only valid now. Without it, a cache may keep even a 404 (RFC 9111, 4.2.2).
    static let noStore: (StaticString, String) = ("Cache-Control", "no-store")

    /// Begins the response with the head of a peer's response.
    func deliver(_ head: UpstreamResponseHead) {
        response.isBegun = true
        if let probe { return probe.take(head) }
        response.status = route.redirect?.status ?? head.status
        if head.hasAccel { obeyAccelHeaders(head) }
        ResponseHeadWriter(self).write(head)
    }

    /// `X-Accel-Limit-Rate` and `X-Accel-Buffering`.
    private func obeyAccelHeaders(_ head: UpstreamResponseHead) {
        let obeyed = location.settings.upstream.obeyedHeaders
        if obeyed.contains(.limitRate), let value = head.value(of: "x-accel-limit-rate", known: .accel) {
            if let rate = Int(String(decoding: value, as: UTF8.self)), rate >= 0 { response.limitRate = rate }
        }
        if obeyed.contains(.buffering), let value = head.value(of: "x-accel-buffering", known: .accel) {
            if value.isEqual(ignoringCase: "no".utf8) { response.mayBuffer = false }
        }
    }

    /// Answers with the `error_page` of a refusal, or else with a problem document (RFC 9457).
    func refuse(_ refusal: Refusal) {
        if let probe { return probe.abortResponse() }
        if refusal.endsConnection { response.isLast = true }
        if case .malformed(let error) = refusal { log(.info, "client sent an invalid request: \(error)") }
        let status = refusal.status
        let fields = refusal.fields(location.limitNames)
        if ErrorPages(self).redirect(for: status) { return }
        route.redirect?.status = nil
        let detail = refusal.detail
        let document = ProblemDocument.bytes(
            status, detail.prefix(1).uppercased() + detail.dropFirst(), requestID: shownID)
        answer(status, contentType: ProblemDocument.mediaType, document, fields: fields + [Self.noStore])
    }

    /// Sends a response of the balancer itself.
    /// - Parameter contentType: nil for a response without a body.
    func answer(_ status: Int, contentType: String?, _ bytes: [UInt8], fields: [(StaticString, String)] = []) {
        guard !response.isBegun else { return client.abortResponse() }
        takeOver()
        response.status = route.redirect?.status ?? status
        ResponseHeadWriter(self).write(contentType: contentType, contentLength: bytes.count, fields)
        client.responseBody(bytes.span)
        client.endResponse()
        client.flushResponse()
    }

    /// Sends a response whose body is a part of a file.
    /// - Parameter part: nil for a response without a body.
    func answer(_ status: Int, contentType: String?, _ part: FilePart?, fields: [(StaticString, String)]) {
        takeOver()
        response.status = route.redirect?.status ?? status
        ResponseHeadWriter(self).write(contentType: contentType, contentLength: part?.count, fields)
        if let part { client.responseFile(part) }
        client.endResponse()
        client.flushResponse()
    }
}
