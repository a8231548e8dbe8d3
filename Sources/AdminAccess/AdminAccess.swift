internal import Reactor

/// Who may make administrative calls, of a node and of the balancer alike.
///
/// With a token, whoever brings it. Without one, whoever is on this machine; and as any web page can have the browser
/// of a reader on this machine send a POST, without asking first, two more things have to hold then:
/// - Host, if there is one (a browser always sends it), names the machine as `localhost` or by a loopback address. A
///   site that has its own name point there (DNS rebinding) is known by that name.
/// - Origin (RFC 6454), if there is one, is that same host: any other page is another site.
package struct AdminAccess: Sendable {
    /// What a call says of who makes it. `nil`: the field is absent.
    package struct Credentials: Sendable {
        package var isFromThisMachine: Bool
        package var authorization: String?
        package var host: String?
        package var origin: String?

        package init(isFromThisMachine: Bool, authorization: String?, host: String?, origin: String?) {
            self.isFromThisMachine = isFromThisMachine
            self.authorization = authorization
            self.host = host
            self.origin = origin
        }
    }

    package enum Denial: Sendable, Hashable {
        /// To be answered with 401 and `WWW-Authenticate: Bearer`; the others with 403.
        case noToken
        case otherMachine, otherName, otherSite

        package var status: Int { self == .noToken ? 401 : 403 }

        package var detail: String {
            switch self {
            case .noToken: "This call needs the administrator's token: Authorization: Bearer …."
            case .otherMachine: "Without an admin token this call is taken from the server's own machine only."
            case .otherName: "Without an admin token this call is taken under the name localhost or 127.0.0.1 only."
            case .otherSite: "Without an admin token this call is not taken from a web page of another site."
            }
        }
    }

    private let token: [UInt8]?

    /// - Parameter token: `nil` or empty: no token is set (`MILLRACE_ADMIN_TOKEN`).
    package init(token: String?) {
        self.token = token.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
    }

    /// - Returns: `nil`: the call may be made.
    package func denial(of call: Credentials) -> Denial? {
        if let token {
            guard let given = Self.bearerToken(call.authorization) else { return .noToken }
            return SecureCompare.equal(Array(given.utf8), token) ? nil : .noToken
        }
        if !call.isFromThisMachine { return .otherMachine }
        if let host = call.host, !LoopbackAuthority.matches(host) { return .otherName }
        guard let origin = call.origin?.lowercased() else { return nil }
        guard let host = call.host?.lowercased() else { return .otherSite }
        return origin == "http://\(host)" || origin == "https://\(host)" ? nil : .otherSite
    }

    /// RFC 6750, section 2.1. The scheme's case does not matter.
    private static func bearerToken(_ authorization: String?) -> Substring? {
        guard let authorization, authorization.prefix(7).lowercased() == "bearer " else { return nil }
        return authorization.dropFirst(7).drop { $0 == " " }
    }
}
