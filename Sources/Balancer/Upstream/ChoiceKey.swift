internal import Balancing
internal import NginxConfig
internal import Reactor

/// What an upstream's hash is made of.
enum ChoiceKey: Sendable {
    case none
    /// `ip_hash`.
    case address
    /// `hash`.
    case template(Template)

    init(_ method: Upstream.Method) {
        switch method {
        case .addressHash: self = .address
        case .hash(let key), .consistentHash(let key): self = .template(key)
        case .roundRobin, .leastConnections, .leastTimeToHead, .leastTimeToEnd, .random, .randomTwo: self = .none
        }
    }

    /// Empty: the upstream has no hash.
    func bytes(for exchange: Exchange) -> [UInt8] {
        switch self {
        case .none: return []
        case .address:
            let client = exchange.clientAddress
            switch client {
            // The whole of a /24, as in nginx.
            case .ipv4: return Array(client.binary[..<3])
            case .ipv6: return client.binary
            case .unix: return [0, 0, 0]
            }
        case .template(let template): return exchange.variables.value(of: template)
        }
    }
}
