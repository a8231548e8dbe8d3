/// Decides who may make administrative calls to a node or to the balancer: only a client that sends the admin token.
///
/// The client's address is not a criterion: behind a proxy on the same machine, every client has a loopback address.
package struct AdminAccess: Sendable {
    package enum Denial: Sendable, Hashable {
        /// No token is configured, so nobody may make the call.
        case notConfigured
        /// The token is missing or wrong.
        case badToken

        /// The status of the response.
        package var status: Int { self == .badToken ? 401 : 403 }

        /// The value of the header `WWW-Authenticate`; `nil` if the response has no such header.
        package var challenge: String? { self == .badToken ? "Bearer" : nil }

        package var detail: String {
            switch self {
            case .notConfigured:
                "No admin token is configured, so administrative calls are refused. "
                    + "Set MILLRACE_ADMIN_TOKEN for the balancer and for all nodes."
            case .badToken:
                "This call needs the admin token: Authorization: Bearer TOKEN. The token is the value of "
                    + "MILLRACE_ADMIN_TOKEN, or in the file \(AdminToken.fileName) in the data folder of `millrace up`."
            }
        }
    }

    private let token: [UInt8]?

    /// - Parameter token: the value of `MILLRACE_ADMIN_TOKEN`. `nil` or an empty text means that there is no token.
    package init(token: String?) {
        self.token = token.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
    }

    package var isConfigured: Bool { token != nil }

    /// - Parameter authorization: the value of the header `Authorization`; `nil` if it is absent.
    /// - Returns: why the call is refused; `nil` if it is allowed.
    package func denial(authorization: String?) -> Denial? {
        guard let token else { return .notConfigured }
        guard let given = BearerToken.value(of: authorization) else { return .badToken }
        return SecureCompare.equal(Array(given.utf8), token) ? nil : .badToken
    }
}
