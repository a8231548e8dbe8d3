internal import Balancing
internal import NginxConfig
internal import Reactor

/// The key of an upstream's hash method.
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

    /// The key for a request; empty if the upstream does not use a hash method.
    func bytes(for exchange: Exchange) -> [UInt8] {
        switch self {
        case .none: return []
        case .address:
            let client = exchange.clientAddress
            switch client {
            // Use the first three bytes, so that all clients of a /24 network have the same key, as in nginx.
            case .ipv4: return Array(client.binary[..<3])
            case .ipv6: return client.binary
            case .unix: return [0, 0, 0]
            }
        case .template(let template): return exchange.variables.value(of: template)
        }
    }
}
