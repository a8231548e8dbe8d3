internal import Balancing
internal import FastCGIWire
internal import NginxConfig
internal import Reactor

/// `X-Accel-…`: what a node says to the web server.
extension Exchange {
    /// Where `X-Accel-Redirect` leads.
    func accelTarget(_ head: CGIResponseHead) -> [UInt8]? {
        probe == nil && location.settings.fastCGI.obeyedHeaders.contains(.redirect)
            ? accelValue("x-accel-redirect", head) : nil
    }

    /// `X-Accel-Limit-Rate` and `X-Accel-Buffering`.
    func obeyAccelHeaders(_ head: CGIResponseHead) {
        let obeyed = location.settings.fastCGI.obeyedHeaders
        if obeyed.contains(.limitRate), let value = accelValue("x-accel-limit-rate", head) {
            if let rate = Int(String(decoding: value, as: UTF8.self)), rate >= 0 { limitRate = rate }
        }
        if obeyed.contains(.buffering), let value = accelValue("x-accel-buffering", head) {
            let word = String(decoding: value, as: UTF8.self).lowercased()
            if word == "no" { mayBuffer = false }
        }
    }

    private func accelValue(_ name: String, _ head: CGIResponseHead) -> [UInt8]? {
        for field in head.fields where field.known == .accel && Self.isEqual(head.bytes, field.name, name) {
            return Array(head.bytes[field.value])
        }
        return nil
    }

    /// The node's answer is where to look: the rest of its response is dropped, and these of its headers are kept.
    func upstreamRedirected(_ connection: UpstreamConnection, to target: [UInt8], _ head: CGIResponseHead) {
        self.connection = nil
        connection.close()
        attempts[attempts.count - 1].status = head.status
        attempts[attempts.count - 1].headerAt = loop.events.now
        attempts[attempts.count - 1].endedAt = loop.events.now
        finishLease(.success, .closed)
        machine.abandoned()
        tried.removeAll()
        var next = redirect ?? InternalRedirect()
        next.isGET = true
        for field in head.fields {
            if Self.isEqual(head.bytes, field.name, "content-type") {
                next.contentType = String(decoding: head.bytes[field.value], as: UTF8.self)
            }
            for name in Self.keptHeaders where Self.isEqual(head.bytes, field.name, name) {
                next.fields.append((Array(head.bytes[field.name]), Array(head.bytes[field.value])))
            }
        }
        redirect = next
        if target.first == 0x40 { return redirectInternally(toNamed: target) }
        let parts = target.split(separator: 0x3F, maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = Self.decoded(Array(parts.first ?? [])), path.first == 0x2F else {
            log(.error, "invalid X-Accel-Redirect: \"\(String(decoding: target, as: UTF8.self))\"")
            return refuse(.configured(404))
        }
        redirectInternally(to: path, query: parts.count == 2 ? Array(parts[1]) : [])
    }

    private static let keptHeaders = ["set-cookie", "content-disposition", "cache-control", "expires"]

    /// nil: a percent sign with nothing behind it, or a NUL.
    private static func decoded(_ path: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        var index = 0
        while index < path.count {
            if path[index] == 0x25 {
                guard index + 2 < path.count,
                    let byte = UInt8(String(decoding: path[index + 1...index + 2], as: UTF8.self), radix: 16), byte > 0
                else { return nil }
                out.append(byte)
                index += 3
            } else {
                out.append(path[index])
                index += 1
            }
        }
        return out
    }

    /// `fastcgi_catch_stderr`: whether what the node says means that its response is none.
    func isCaught(_ bytes: Span<UInt8>) -> Bool {
        let caught = location.settings.fastCGI.caughtStderr
        if caught.isEmpty || machine.isAnswering { return false }
        var text: [UInt8] = []
        text.append(contentsOf: bytes)
        return caught.contains { text.contains($0) }
    }
}
