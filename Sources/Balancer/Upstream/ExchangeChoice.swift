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
}

extension Exchange {
    /// Before the first choice of a peer.
    func setChoiceKey() {
        switch location.choiceKey {
        case .none: break
        case .address:
            switch realAddress ?? info.address {
            // The whole of a /24, as nginx does.
            case .ipv4(let address, _): for shift in [24, 16, 8] { tried.key.append(UInt8(address >> shift & 0xFF)) }
            case .ipv6: tried.key.append(contentsOf: (realAddress ?? info.address).binary)
            case .unix: tried.key.append(contentsOf: [0, 0, 0])
            }
        case .template(let template):
            var key: [UInt8] = []
            append(template, to: &key)
            tried.key = key
        }
    }
}
