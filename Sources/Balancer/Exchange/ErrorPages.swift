internal import Bytes
internal import NginxConfig

/// `error_page`: another location answers in place of an error.
struct ErrorPages {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    /// Once for each request (`recursive_error_pages off`).
    func hasPage(for status: Int) -> Bool { page(for: status) != nil }

    private func page(for status: Int) -> ErrorPage? {
        guard status >= 300, exchange.route.redirect?.isForError != true else { return nil }
        return exchange.location.settings.response.errorPages.first { $0.statuses.contains(status) }
    }

    /// Leads the request to the page for this status.
    /// - Returns: false when there is none, or its peer cannot have the request's body: the error itself is the answer.
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
            // The path stays what it has become.
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

    /// The page's address may have the new status in it.
    private func target(of page: ErrorPage, _ next: InternalRedirect) -> [UInt8] {
        let redirect = exchange.route.redirect
        defer { exchange.route.redirect = redirect }
        exchange.route.redirect = next
        return exchange.variables.value(of: page.target)
    }

    /// The page is somewhere else: the client is sent there.
    private func send(to target: [UInt8], _ status: ErrorPage.Status) {
        var number = 302
        if case .replaced(let other) = status, [301, 302, 303, 307, 308].contains(other) { number = other }
        exchange.answer(
            number, contentType: nil, [], fields: [("Location", String(decoding: target, as: UTF8.self))])
    }
}
