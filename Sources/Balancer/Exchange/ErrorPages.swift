internal import Bytes
internal import NginxConfig

/// `error_page`: another location answers in place of an error.
struct ErrorPages {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    /// Whether an `error_page` applies to the status. Each request gets at most one (`recursive_error_pages off`).
    func hasPage(for status: Int) -> Bool { page(for: status) != nil }

    private func page(for status: Int) -> ErrorPage? {
        guard status >= 300, exchange.route.redirect?.isForError != true else { return nil }
        return exchange.location.settings.response.errorPages.first { $0.statuses.contains(status) }
    }

    /// Redirects the request to the page for this status.
    /// - Returns: false if the error itself must be the answer, for example because there is no page. Another reason is
    ///   a page that comes from a peer, while the request's body can no longer be sent to a peer.
    func redirect(for status: Int) -> Bool {
        guard !exchange.response.isBegun, let page = page(for: status) else { return false }
        var next = InternalRedirect()
        next.isForError = true
        next.count = exchange.route.redirect?.count ?? 0
        switch page.status {
        case .kept: next.status = status
        case .ofPage: break
        case .replaced(let other): next.status = other
        }
        let target = target(of: page, next)
        let index: Int
        switch target.first {
        case ASCII.slash:
            let (path, query) = InternalRedirects.split(target)
            next.path = path
            next.isGET = true
            next.query = query
            index = exchange.locationIndex(for: path)
        case ASCII.at:
            guard let named = InternalRedirects(exchange).index(ofNamed: target) else { return false }
            index = named
            // A named location keeps the current path and query.
            next.path = exchange.route.redirect?.path
            next.query = exchange.route.redirect?.query
        default:
            next.status = nil
            exchange.route.redirect = next
            send(to: target, page.status)
            return true
        }
        let asksPeer = exchange.server.locations[index].upstream != nil
        if asksPeer, exchange.response.isLast || !exchange.body.isHeld { return false }
        exchange.abandonUpstream()
        exchange.upstream.forgetTriedPeers()
        exchange.route.redirect = next
        exchange.enterLocation(index)
        return true
    }

    /// Computes the page's address while the new redirect is set, because the address may contain `$status`.
    private func target(of page: ErrorPage, _ next: InternalRedirect) -> [UInt8] {
        let redirect = exchange.route.redirect
        defer { exchange.route.redirect = redirect }
        exchange.route.redirect = next
        return exchange.variables.value(of: page.target)
    }

    /// Redirects the client, because the page is a URL.
    private func send(to target: [UInt8], _ status: ErrorPage.Status) {
        var number = 302
        if case .replaced(let other) = status, [301, 302, 303, 307, 308].contains(other) { number = other }
        exchange.answer(
            number, contentType: nil, [], fields: [("Location", String(decoding: target, as: UTF8.self))])
    }
}
