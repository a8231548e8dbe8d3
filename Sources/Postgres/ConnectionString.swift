internal import CPostgres

extension PostgresConfiguration {
    /// Whether libpq can make anything of a connection string, found out without a connection.
    ///
    /// libpq reads the form when it parses, but numbers and words only while it connects, where a mistake in them looks
    /// like a server that is out of reach; so what is often mistyped is looked at here.
    package static func isUsable(_ connectionString: String) -> Bool {
        guard connectionString.contains(where: { !$0.isWhitespace }),
            let options = PQconninfoParse(connectionString, nil)
        else { return false }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val, !isUsable(String(cString: value), of: String(cString: keyword)) {
                return false
            }
            option += 1
        }
        return true
    }

    private static func isUsable(_ value: String, of keyword: String) -> Bool {
        switch keyword {
        case "port":
            // One for all hosts, or one for each; an empty one is the default.
            value.split(separator: ",").allSatisfy { Int($0).map { (1...65535).contains($0) } ?? false }
        case "sslmode":
            ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"].contains(value)
        default: true
        }
    }
}
