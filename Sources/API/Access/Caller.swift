internal import Queue

/// Who sends a request.
enum Caller: Sendable, Hashable {
    /// The request has no credentials.
    case anonymous
    case client(Client)
    /// Somebody who has the admin token.
    case administrator

    /// Whose tasks the caller may see and change.
    var visibility: Visibility {
        switch self {
        case .anonymous: .own(.anonymous)
        case .client(let client): client.scopes.contains(.admin) ? .all : .own(client.id)
        case .administrator: .all
        }
    }

    /// The client id for the tasks that this caller submits.
    var client: ClientID {
        switch self {
        case .anonymous, .administrator: .anonymous
        case .client(let client): client.id
        }
    }

    /// The caller's name in logs.
    var name: String {
        switch self {
        case .anonymous: "anonymous"
        case .client(let client): client.name
        case .administrator: "admin token"
        }
    }

    /// - Throws: if the caller may not submit tasks of this type, the problem to answer with.
    func checkMaySubmit(_ type: String) throws(Problem) {
        guard case .client(let client) = self, let types = client.types, !types.contains(type) else { return }
        throw Problem(403, "This key may not submit tasks of the type \(type).")
    }
}
