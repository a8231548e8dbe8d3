/// Who submitted a task: the value of the column `client`.
package struct ClientID: RawRepresentable, Sendable, Hashable {
    /// The id of a client that has a key. An anonymous client has a negative number that stands for its network
    /// (``ClientNetwork``), or 0 if the network is unknown.
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    /// An anonymous client of an unknown network. It also stands for all anonymous clients together.
    package static let anonymous = ClientID(rawValue: 0)

    package var isAnonymous: Bool { rawValue <= 0 }

    /// Who shares results, idempotency keys and visible tasks: a client with a key has its own, and all anonymous
    /// clients have the same.
    var owner: ClientID { isAnonymous ? .anonymous : self }
}

/// Whose tasks a caller may see and change. If the caller asks for another task, the answer is the same as for an
/// unknown task.
package enum Visibility: Sendable, Hashable {
    /// The tasks of one client. All anonymous clients together count as one client.
    case own(ClientID)
    /// Everybody's tasks, for administrators.
    case all

    package func covers(_ client: ClientID) -> Bool {
        switch self {
        case .own(let own): client.owner == own.owner
        case .all: true
        }
    }

    /// Whether these are the tasks of a client that has a key.
    var isOfKey: Bool {
        if case .own(let client) = self { return !client.isAnonymous }
        return false
    }

    /// The least and the greatest value of the column `client`.
    var bounds: (Int64, Int64) {
        switch self {
        case .own(let client): client.isAnonymous ? (.min, 0) : (client.rawValue, client.rawValue)
        case .all: (.min, .max)
        }
    }
}
