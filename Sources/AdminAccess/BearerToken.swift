internal import Bytes

/// The credentials of the scheme `Bearer` (RFC 6750, section 2.1).
package enum BearerToken {
    /// - Parameter authorization: the value of the header `Authorization`; `nil` if it is absent.
    /// - Returns: the token, which may be empty; `nil` if the header is absent or has another scheme. The name of the
    ///   scheme is case-insensitive.
    package static func value(of authorization: String?) -> Substring? {
        guard let authorization else { return nil }
        let scheme = authorization.prefix { $0 != " " }
        guard scheme.utf8.isEqual(ignoringCase: "bearer".utf8) else { return nil }
        return authorization[scheme.endIndex...].drop { $0 == " " }
    }
}
