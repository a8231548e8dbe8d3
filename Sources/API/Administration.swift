internal import Reactor
internal import Tasks

/// Who may make administrative calls.
///
/// With a token, whoever brings it. Without one, whoever is on this machine; and as any web page can have the browser
/// of a reader on this machine send a POST, without asking first, two more things have to hold then:
/// - Host, if there is one (a browser always sends it), names the machine as `localhost` or by a loopback address. A
///   site that has its own name point there (DNS rebinding) is known by that name.
/// - Origin, if there is one, is that same host: any other page is another site.
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
            guard request.host.map(LoopbackAuthority.matches) ?? true else {
                throw Problem(403, "Without a token this call is taken under the name localhost or 127.0.0.1 only.")
            }
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
