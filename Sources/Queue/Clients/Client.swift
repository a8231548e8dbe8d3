internal import Bytes

/// What a client's key may do.
package enum ClientScope: String, Sendable, Hashable, CaseIterable {
    /// Submit tasks, and retry own ones.
    case submit
    /// Read own tasks by their id.
    case read
    /// List own tasks and hashes.
    case list
    /// Cancel own tasks.
    case cancel
    /// Make administrative calls, and see everybody's tasks.
    case admin

    /// The scopes of a key, unless its creator names others.
    package static let standard: Set<ClientScope> = [.submit, .read, .list, .cancel]
}

/// A client that has a key.
package struct Client: Sendable, Hashable {
    package let id: ClientID
    package let name: String
    package let scopes: Set<ClientScope>
    /// The task types that it may submit; `nil` for all.
    package let types: Set<String>?
    package let createdAt: Timestamp
    /// When it got its present key; `nil` if that is the first one.
    package let rotatedAt: Timestamp?
}

/// Rules for the names of clients.
package enum ClientName {
    /// Maximum number of bytes.
    package static let maxLength = 64

    /// Whether the name has 1 to 64 bytes of `[A-Za-z0-9._-]`, and begins with a letter or a digit. So it can stand in
    /// a URL, a log line and a command without quotes.
    package static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, first.isLetter || first.isDigit, name.utf8.count <= maxLength else {
            return false
        }
        return name.utf8.allSatisfy {
            $0.isLetter || $0.isDigit || $0 == ASCII.dot || $0 == ASCII.underscore || $0 == ASCII.hyphen
        }
    }
}
