internal import CPostgres

extension PostgresConfiguration {
    /// Whether libpq can use a connection string. The check makes no connection.
    ///
    /// libpq's parser checks only the syntax. libpq checks ports and modes only when it connects. Then a typing error
    /// looks like an unreachable server. So this function also checks the values that are often mistyped.
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
            // One port for all hosts, or a list with one port per host. An empty element means the default port.
            value.split(separator: ",").allSatisfy { Int($0).map { (1...65535).contains($0) } ?? false }
        case "sslmode":
            ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"].contains(value)
        default: true
        }
    }
}
