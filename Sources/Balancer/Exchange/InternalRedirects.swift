internal import FastCGIWire
internal import Bytes
internal import NginxConfig

/// Redirects a request to another location of its server. The client does not notice it.
struct InternalRedirects {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    /// Continues as if the client had requested another path.
    /// - Parameter query: The new query; nil for the request's own query.
    func redirect(to path: [UInt8], query: [UInt8]? = nil) {
        guard var next = next(to: path) else { return }
        next.query = query ?? (exchange.hasQuery ? exchange.query : nil)
        next.path = path
        exchange.route.redirect = next
        exchange.enterLocation(exchange.locationIndex(for: path))
    }

    /// Continues at a named location (`@name`). The path does not change.
    func redirect(toNamed name: [UInt8]) {
        guard let index = index(ofNamed: name) else { return exchange.refuse(.configured(500)) }
        guard let next = next(to: name) else { return }
        exchange.route.redirect = next
        exchange.enterLocation(index)
    }

    /// - Parameter target: A path with an optional query, or the name of a location.
    func redirect(toTarget target: [UInt8]) {
        if target.first == ASCII.at { return redirect(toNamed: target) }
        let (path, query) = Self.split(target)
        redirect(to: path, query: query ?? [])
    }

    /// `X-Accel-Redirect`: continues at the target that the peer's response names. Some headers of this response are
    /// kept, and the rest of the response is dropped.
    func redirect(to target: [UInt8], from head: UpstreamResponseHead) {
        var next = exchange.route.redirect ?? InternalRedirect()
        next.isGET = true
        for field in head.fields {
            if head.isNamed(field, "content-type") { next.contentType = head.text(field.value) }
            for name in Self.keptHeaders where head.isNamed(field, name) {
                next.fields.append((Array(head.bytes[field.name]), Array(head.bytes[field.value])))
            }
        }
        exchange.route.redirect = next
        if target.first == ASCII.at { return redirect(toNamed: target) }
        let (encoded, query) = Self.split(target)
        guard let path = PercentCoding.decode(encoded), path.first == ASCII.slash, !path.contains(0) else {
            exchange.log(.error, "invalid X-Accel-Redirect: \"\(String(decoding: target, as: UTF8.self))\"")
            return exchange.refuse(.configured(404))
        }
        redirect(to: path, query: query ?? [])
    }

    private static let keptHeaders = ["set-cookie", "content-disposition", "cache-control", "expires"]

    /// - Returns: nil if the named location does not exist. In this case, the method has logged an error.
    func index(ofNamed name: [UInt8]) -> Int? {
        let text = String(decoding: name, as: UTF8.self)
        guard let index = exchange.server.server.location(named: text) else {
            exchange.log(.error, "could not find named location \"\(text)\"")
            return nil
        }
        return index
    }

    static func split(_ target: [UInt8]) -> (path: [UInt8], query: [UInt8]?) {
        let parts = target.split(separator: ASCII.question, maxSplits: 1, omittingEmptySubsequences: false)
        return (Array(parts[0]), parts.count == 2 ? Array(parts[1]) : nil)
    }

    /// - Returns: nil if there were too many redirects. In this case, the method has refused the request.
    private func next(to target: [UInt8]) -> InternalRedirect? {
        var next = exchange.route.redirect ?? InternalRedirect()
        next.count += 1
        if next.count <= InternalRedirect.maxCount { return next }
        exchange.log(
            .error,
            "rewrite or internal redirection cycle while internally redirecting to \"\(String(decoding: target, as: UTF8.self))\""
        )
        exchange.refuse(.configured(500))
        return nil
    }
}
