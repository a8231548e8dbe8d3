internal import HTTPWire
internal import Reactor

/// Who may make the balancer's administrative calls: with a token set, whoever knows it; else whoever is on this
/// machine, but not a web page that somebody there is reading.
enum AdminAccess {
    enum Denial: Sendable, Hashable {
        case noToken, otherMachine, otherSite

        var status: Int { self == .noToken ? 401 : 403 }

        var detail: String {
            switch self {
            case .noToken: "This call needs the admin token."
            case .otherMachine: "Without an admin token this call is taken from loopback addresses only."
            case .otherSite: "Without an admin token this call is not taken from a web page of another site."
            }
        }
    }

    static func denial(of exchange: Exchange) -> Denial? {
        if let token = exchange.worker.shared.adminToken {
            return isBearer(exchange.value(of: "authorization"), of: token) ? nil : .noToken
        }
        guard (exchange.realAddress ?? exchange.info.address).isLoopback else { return .otherMachine }
        guard let origin = exchange.value(of: "origin") else { return nil }
        return isOwnOrigin(origin, host: exchange.value(of: "host") ?? "") ? nil : .otherSite
    }

    /// RFC 6750, section 2.1.
    private static func isBearer(_ authorization: String?, of token: [UInt8]) -> Bool {
        guard let authorization, authorization.prefix(7).lowercased() == "bearer " else { return false }
        return isEqual(Array(authorization.utf8.dropFirst(7)), token)
    }

    /// Takes the same time wherever the first difference is.
    static func isEqual(_ given: [UInt8], _ wanted: [UInt8]) -> Bool {
        var difference = given.count ^ wanted.count
        for index in wanted.indices {
            difference |= Int(wanted[index] ^ (index < given.count ? given[index] : 0))
        }
        return difference == 0
    }

    /// Whether a browser's `Origin` (RFC 6454) is the host that it asked, and that host no name which a stranger can
    /// have point at this machine (DNS rebinding).
    static func isOwnOrigin(_ origin: String, host: String) -> Bool {
        let origin = origin.lowercased()
        let host = host.lowercased()
        guard origin == "http://\(host)" || origin == "https://\(host)" else { return false }
        if SocketAddress(numeric: host, port: 0) != nil || SocketAddress(host) != nil { return true }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return SocketAddress(numeric: String(host.dropFirst().dropLast()), port: 0) != nil
        }
        // Browsers take these names for this machine without looking them up (RFC 6761, 6.3).
        let name = host.prefix { $0 != ":" }
        return name == "localhost" || name.hasSuffix(".localhost")
    }
}

extension Exchange {
    /// The first value of a request's header, by its name in lower case.
    func value(of name: String) -> String? {
        let bytes = headBytes
        guard let field = parser.head.fields.first(named: name, in: bytes.span) else { return nil }
        return String(decoding: bytes[field.value.range], as: UTF8.self)
    }
}
