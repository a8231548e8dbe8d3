internal import Reactor
internal import Tasks

/// Who may make administrative calls.
struct Administration: Sendable {
    private let token: [UInt8]?

    /// - Parameter token: `nil` or empty: no token is set, and calls are taken from the machine itself only.
    init(token: String?) {
        self.token = token.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
    }

    func check(_ request: Request) throws(Problem) {
        if let token {
            guard let sent = Self.bearerToken(request.authorization), SecureCompare.equal(Array(sent.utf8), token)
            else {
                throw Problem(
                    401, "This call needs the administrator's token: Authorization: Bearer ….",
                    headers: [.init("WWW-Authenticate", "Bearer")])
            }
        } else {
            guard Self.isLoopback(request.remoteAddress) else {
                throw Problem(403, "This call is taken from the server's own machine only, as no token is set.")
            }
            // Any web page can have its reader's browser, on this machine, send a POST without asking first.
            guard Self.isSameOrigin(request) else { throw Problem(403, "This call is not taken from another site.") }
        }
    }

    /// RFC 6750, section 2.1. The scheme's case does not matter.
    static func bearerToken(_ authorization: String?) -> Substring? {
        guard let authorization, authorization.prefix(7).lowercased() == "bearer " else { return nil }
        return authorization.dropFirst(7).drop { $0 == " " }
    }

    /// An address of this machine, or a unix socket of its.
    static func isLoopback(_ address: String) -> Bool {
        address == "unix:" || SocketAddress(numeric: address, port: 0)?.isLoopback == true
    }

    private static func isSameOrigin(_ request: Request) -> Bool {
        guard let origin = request.origin else { return true }
        guard let host = request.host else { return false }
        return origin.lowercased() == "http://\(host)".lowercased()
            || origin.lowercased() == "https://\(host)".lowercased()
    }
}
