internal import Queue

/// What a caller needs for a route.
enum RouteAccess: Sendable, Hashable {
    /// Everybody may call it.
    case open
    /// A key needs this scope. Anonymous clients may call it if ``AnonymousPolicy`` gives them the scope.
    case scope(ClientScope)
    /// The route shows figures about all clients. With ``AnonymousPolicy/all``, everybody may call it. Otherwise it is
    /// administrative.
    case statistics

    static let administrative = RouteAccess.scope(.admin)
}

/// What clients without a key may do (`MILLRACE_ANONYMOUS`).
package enum AnonymousPolicy: String, Sendable, Hashable, CaseIterable {
    /// Everything except administrative calls.
    case all
    /// Submit tasks, and read or cancel tasks whose id they know.
    case submit
    /// Nothing.
    case none

    var scopes: Set<ClientScope> {
        switch self {
        case .all: [.submit, .read, .list, .cancel]
        case .submit: [.submit, .read, .cancel]
        case .none: []
        }
    }
}
