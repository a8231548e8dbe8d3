internal import AdminAccess
internal import Queue

/// Finds out who sends a request, and decides whether this caller may send it.
struct AccessControl: Sendable {
    let adminAccess: AdminAccess
    let anonymous: AnonymousPolicy
    let clients: ClientDirectory
    /// How long a request with a key waits if the clients have not been read yet.
    var timeout = Duration.zero

    /// - Parameter authorization: the value of the request's `Authorization` header.
    /// - Returns: the caller. It may call the route.
    /// - Throws: the problem to answer with.
    func admit(_ authorization: String?, to access: RouteAccess) throws(Problem) -> Caller {
        // Also with a key that is wrong, or that cannot be checked.
        if access == .open { return .anonymous }
        let caller: Caller
        do throws(Problem) {
            caller = try self.caller(authorization)
        } catch {
            // If no admin token is configured, do not say that this one is wrong, but how to configure one.
            throw access == .administrative && !adminAccess.isConfigured ? needsAdministrator : error
        }
        try check(caller, access)
        return caller
    }

    /// Credentials of other schemes than Bearer (such as Basic) are ignored, because a web server in front of the node
    /// may use them for its own purposes. But a request with a wrong key or token is never treated like a request
    /// without credentials.
    private func caller(_ authorization: String?) throws(Problem) -> Caller {
        guard let token = BearerToken.value(of: authorization) else {
            // A key without its scheme, or with another one, is a mistake.
            if authorization?.contains(ClientKey.prefix) == true { throw .wrongCredentials }
            return .anonymous
        }
        if adminAccess.denial(authorization: authorization) == nil { return .administrator }
        guard let key = ClientKey(token) else { throw .wrongCredentials }
        switch clients.match(key, timeout: timeout) {
        case .client(let client): return .client(client)
        case .unknown: throw .wrongCredentials
        case .unavailable: throw Problem(.databaseUnavailable)
        }
    }

    private func check(_ caller: Caller, _ access: RouteAccess) throws(Problem) {
        let scope: ClientScope
        switch access {
        case .open: return
        case .statistics where anonymous == .all: return
        case .statistics: scope = .admin
        case .scope(let needed): scope = needed
        }
        switch caller {
        case .administrator: return
        case .client(let client):
            if client.scopes.contains(scope) || client.scopes.contains(.admin) { return }
            throw Problem(403, "This key does not have the scope \(scope.rawValue).")
        case .anonymous:
            if anonymous.scopes.contains(scope) { return }
            throw scope == .admin ? needsAdministrator : .needsKey
        }
    }

    /// The problem of an administrative call without credentials.
    private var needsAdministrator: Problem {
        guard let denial = adminAccess.denial(authorization: nil) else { return .internalError }
        return Problem(
            denial.status, denial.detail + " A key with the scope admin is accepted, too.",
            headers: denial.challenge.map { [.init("WWW-Authenticate", $0)] } ?? [])
    }
}

extension Problem {
    fileprivate static let wrongCredentials = Problem(
        401, "The key or token in the Authorization header is not valid.", headers: [.authenticate])
    fileprivate static let needsKey = Problem(
        401, "This call needs a key: Authorization: Bearer mr_…", headers: [.authenticate])
}

extension APIResponse.Header {
    fileprivate static let authenticate = APIResponse.Header("WWW-Authenticate", "Bearer")
}
