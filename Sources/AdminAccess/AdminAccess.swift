internal import Bytes

/// Decides who may make administrative calls to a node or to the balancer.
///
/// If a token is configured, a client must send it, and may be on any machine. If no token is configured, the client
/// must be on this machine. But any web page can make a browser on this machine send a POST request. So without a token
/// there are two more conditions:
/// - Host, if present (browsers always send it), must be `localhost` or a loopback address. This stops DNS rebinding:
///   if a site's name points to 127.0.0.1, the browser still sends that name.
/// - Origin (RFC 6454), if present, must name the same host as Host. Otherwise the request comes from a page of another
///   site.
package struct AdminAccess: Sendable {
    /// What the decision about a call depends on. A header field is `nil` if it is absent.
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
        /// The token is missing or wrong. The response has status 401 and needs the header `WWW-Authenticate: Bearer`.
        /// All other denials have status 403.
        case noToken
        case otherMachine, otherName, otherSite

        package var status: Int { self == .noToken ? 401 : 403 }

        package var detail: String {
            switch self {
            case .noToken: "This call needs the admin token: Authorization: Bearer …"
            case .otherMachine: "No admin token is configured, so this call is only accepted from the server's machine."
            case .otherName: "No admin token is configured, so the Host header must be localhost or a loopback address."
            case .otherSite: "No admin token is configured, so this call is not accepted from a page of another site."
            }
        }
    }

    private let token: [UInt8]?

    /// - Parameter token: the value of `MILLRACE_ADMIN_TOKEN`. `nil` or an empty text means that there is no token.
    package init(token: String?) {
        self.token = token.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
    }

    /// - Returns: why the call is refused; `nil` if it is allowed.
    package func denial(of call: Credentials) -> Denial? {
        if let token {
            guard let given = Self.bearerToken(call.authorization) else { return .noToken }
            return SecureCompare.equal(Array(given.utf8), token) ? nil : .noToken
        }
        if !call.isFromThisMachine { return .otherMachine }
        if let host = call.host, !LoopbackAuthority.matches(host) { return .otherName }
        guard let origin = call.origin else { return nil }
        guard let host = call.host else { return .otherSite }
        let isSame = ["http://", "https://"].contains { origin.utf8.isEqual(ignoringCase: ($0 + host).utf8) }
        return isSame ? nil : .otherSite
    }

    /// RFC 6750, section 2.1. The scheme is case-insensitive.
    private static func bearerToken(_ authorization: String?) -> Substring? {
        guard let authorization, authorization.prefix(7).utf8.isEqual(ignoringCase: "bearer ".utf8) else { return nil }
        return authorization.dropFirst(7).drop { $0 == " " }
    }
}
