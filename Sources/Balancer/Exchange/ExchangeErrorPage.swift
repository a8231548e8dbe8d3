internal import Balancing
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// Where an `error_page`, an `index` or `try_files` has led a request.
struct InternalRedirect {
    /// nil: a named location, which leaves the request as it is.
    var path: [UInt8]?
    var query: [UInt8]?
    /// The status that the response gets; nil: its own.
    var status: Int?
    /// An `error_page` has led here; it does so once.
    var isForError = false
    /// The page is asked for with GET, whatever the request was.
    var isGET = false
    /// Of the node that has led here (`X-Accel-Redirect`).
    var contentType: String?
    var fields: [(name: [UInt8], value: [UInt8])] = []
    /// Redirects so far.
    var count = 0
}

extension Exchange {
    /// Leads the request to the `error_page` for this status.
    ///
    /// Once for each request (`recursive_error_pages off`), and not to a node when the body cannot be given to it any
    /// more.
    /// - Returns: false when there is none: the error itself is the answer
    func isLedToErrorPage(_ status: Int) -> Bool {
        guard redirect?.isForError != true, !isResponseBegun,
            let page = location.settings.response.errorPages.first(where: { $0.statuses.contains(status) })
        else { return false }
        var redirect = InternalRedirect()
        redirect.isForError = true
        redirect.count = self.redirect?.count ?? 0
        switch page.status {
        case .kept: redirect.status = status
        case .ofPage: break
        case .replaced(let other): redirect.status = other
        }
        // The page's address may have the status in it.
        self.redirect = redirect
        let target = value(of: page.target)
        self.redirect = nil
        let index: Int
        switch target.first {
        case 0x2F:
            let parts = target.split(separator: 0x3F, maxSplits: 1, omittingEmptySubsequences: false)
            redirect.path = Array(parts[0])
            redirect.isGET = true
            redirect.query = parts.count == 2 ? Array(parts[1]) : nil
            index = location(for: Array(parts[0]))
        case 0x40:
            guard let named = server.server.location(named: String(decoding: target, as: UTF8.self)) else {
                log(.error, "could not find named location \"\(String(decoding: target, as: UTF8.self))\"")
                return false
            }
            index = named
            // The path stays what it has become.
            redirect.path = self.redirect?.path
            redirect.query = self.redirect?.query
        default:
            redirect.status = nil
            self.redirect = redirect
            go(to: target, page.status)
            return true
        }
        if server.locations[index].upstream != nil, mustClose || !isBodyHeld { return false }
        releaseNode()
        tried.removeAll()
        self.redirect = redirect
        let generation = generation
        enterLocation(index)
        // The answer may be out, and this object in other use.
        guard generation == self.generation, !isResponseBegun else { return true }
        // With the body still to come, its end goes on with the request.
        if isBodyComplete || isBufferFull || location.upstream == nil { ready() }
        return true
    }

    /// The page is somewhere else: the client is sent there.
    private func go(to target: [UInt8], _ status: ErrorPage.Status) {
        var number = 302
        if case .replaced(let other) = status, [301, 302, 303, 307, 308].contains(other) { number = other }
        let location = ("Location" as StaticString, String(decoding: target, as: UTF8.self))
        answer(number, contentType: nil, [], fields: [location])
    }
}
