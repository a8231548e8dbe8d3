internal import Balancing
internal import Bytes
internal import JSON
internal import Reactor

/// `/lb/peers`: lists the peers of all upstreams, and adds, drains and removes them while the balancer runs.
///
/// ```
/// POST /lb/peers  {"upstream": "nodes", "address": "10.0.0.7:9000", "state": "up", "weight": 2}
/// ```
enum PeerCalls {
    struct Fault: Error {
        let status: Int
        let detail: String
    }

    static func list(_ loop: BalancerLoop) -> JSONWriter {
        .object { reply in
            reply.array("peers") { peers in
                for upstream in loop.shared.upstreams {
                    let overrides = upstream.overrides
                    let statistics = upstream.group.statistics(now: loop.milliseconds)
                    for peer in statistics.peers {
                        peers.object { entry in
                            entry.member("upstream", upstream.name)
                            entry.member("address", peer.peer.address)
                            let state = overrides[peer.peer.address]?.state ?? .up
                            entry.member("state", peer.isDraining ? "removed" : state.rawValue)
                            entry.member("healthy", peer.isHealthy)
                            entry.member("active", peer.active)
                            entry.member("idle", peer.idle)
                            entry.member("weight", peer.specification.weight)
                            entry.member("max_conns", peer.specification.maxConns)
                            entry.member("backup", peer.specification.isBackup)
                            Report.writeHealth(peer, detectsOutliers: statistics.detectsOutliers, to: &entry)
                        }
                    }
                }
            }
        }
    }

    /// Sets the state of a peer.
    /// - Returns: a text for the log that says what changed, and the list of the peers after the change.
    static func set(
        _ members: [String: JSONValue], on loop: BalancerLoop
    ) throws(Fault) -> (change: String, peers: JSONWriter) {
        let upstreams = loop.shared.upstreams
        let name = members["upstream"]?.stringValue ?? (upstreams.count == 1 ? upstreams[0].name : "")
        guard let upstream = upstreams.first(where: { $0.name == name }) else {
            let names = upstreams.map(\.name).joined(separator: ", ")
            throw Fault(status: 400, detail: "upstream must be one of: \(names).")
        }
        guard let place = members["address"]?.stringValue.flatMap({ SocketAddress($0) }), isPlace(place) else {
            throw Fault(status: 400, detail: "address must be an IP address with a port, or unix:/path.")
        }
        let address = place.description
        let states = PeerOverride.State.allCases.map(\.rawValue).joined(separator: ", ")
        guard let state = PeerOverride.State(rawValue: members["state"]?.stringValue ?? "up") else {
            throw Fault(status: 400, detail: "state must be one of: \(states).")
        }
        var peer = PeerSpecification(address: address)
        let numbers: [(String, WritableKeyPath<PeerSpecification, Int>)] = [
            ("weight", \.weight), ("max_conns", \.maxConns),
        ]
        for (member, path) in numbers {
            guard let value = members[member] else { continue }
            guard let number = value.integerValue.map(Int.init), (member == "weight" ? 1 : 0)...65_535 ~= number else {
                throw Fault(status: 400, detail: "\(member) must be a whole number up to 65535.")
            }
            peer[keyPath: path] = number
        }
        if let backup = members["backup"] {
            guard let isBackup = backup.boolValue else {
                throw Fault(status: 400, detail: "backup must be true or false.")
            }
            peer.isBackup = isBackup
        }
        let isConfigured = upstream.isConfigured(address)
        if isConfigured, ["weight", "max_conns", "backup"].contains(where: { members[$0] != nil }) {
            throw Fault(status: 400, detail: "The peer is in the configuration: only its state can be changed.")
        }
        if !isConfigured, state != .up, upstream.overrides[address] == nil {
            throw Fault(status: 404, detail: "There is no such peer.")
        }
        if isConfigured {
            loop.setPeer(address, of: upstream, to: state == .up ? nil : PeerOverride(state: state))
        } else {
            // If the new state is not `up`, the peer keeps the settings of the earlier call that added it.
            let old = upstream.overrides[address]?.added
            let added = state == .up || old == nil ? peer : old
            loop.setPeer(
                address, of: upstream, to: state == .removed ? nil : PeerOverride(state: state, added: added))
        }
        return ("set peer \(address) of upstream \"\(upstream.name)\" to \(state.rawValue)", list(loop))
    }

    /// True if a process can listen at the address and the address contains no control characters.
    private static func isPlace(_ address: SocketAddress) -> Bool {
        guard case .unix(let path) = address else { return address.port > 0 }
        return path.hasPrefix("/") && path.utf8.count <= SocketAddress.maxUnixPathLength
            && path.utf8.allSatisfy { !$0.isControl }
    }
}
