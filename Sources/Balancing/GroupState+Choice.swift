/// How a group chooses a peer.
extension GroupState {
    mutating func pick(loop: Int, now: Milliseconds, tried: inout TriedPeers, reason: PickReason) -> Pick {
        if reason != .dequeued, queue.count > 0 {
            return queue.append(loop) ? .queued : .allBusy
        }
        switch choose(now: now, tried: &tried, allowsProbe: reason == .waitingForHealthyPeer) {
        case .peer(let index):
            tried.insert(peers[index].peer)
            peers[index].active += 1
            peers[index].requests += 1
            let connection = peers[index].takeConnection(for: loop)
            return .peer(
                Lease(
                    peer: peers[index].peer, loop: loop, connection: connection,
                    wake: reason == .dequeued ? popLoopToWake(now: now) : nil, index: index))
        case .allBusy where reason == .dequeued:
            queue.prepend(loop)
            return .queued
        case .allBusy:
            return queue.append(loop) ? .queued : .allBusy
        case .noneUsable:
            return .noneUsable
        }
    }

    private enum Choice {
        case peer(Int)
        case allBusy
        case noneUsable
    }

    /// Chooses a usable peer. If no peer is usable and `allowsProbe` is true, chooses a failed peer, and the request
    /// probes it. Of several failed peers, it is the one whose `failTimeout` period began first.
    private mutating func choose(now: Milliseconds, tried: inout TriedPeers, allowsProbe: Bool) -> Choice {
        let choice = chooseUsable(now: now, tried: &tried)
        guard allowsProbe, case .noneUsable = choice else { return choice }
        let before = tried
        let index = peers.indices.filter { peers[$0].mayBeProbed(at: now) && !before.contains(peers[$0].peer) }
            .min { peers[$0].checked < peers[$1].checked }
        guard let index else { return choice }
        peers[index].startProbe(at: now)
        return .peer(index)
    }

    private mutating func chooseUsable(now: Milliseconds, tried: inout TriedPeers) -> Choice {
        // The only peer of a group is used even after failures, because there is no other peer.
        if peers.count == 1 {
            let only = peers[0]
            guard !only.isDownOrUnhealthy, !tried.contains(only.peer) else { return .noneUsable }
            return only.isAtMaxConns ? .allBusy : .peer(0)
        }
        if let index = chooseByHashOrChance(now: now, tried: &tried) {
            peers[index].startFailPeriod(at: now)
            return .peer(index)
        }
        return chooseByWeightOrLoad(now: now, tried: tried)
    }

    /// Chooses as nginx's `ngx_http_upstream_get_round_robin_peer` does: first among the primary peers, then among the
    /// backups.
    private mutating func chooseByWeightOrLoad(now: Milliseconds, tried: TriedPeers) -> Choice {
        for isBackup in [false, true] {
            let isCandidate = { (peer: PeerState) in
                peer.specification.isBackup == isBackup && !peer.isAtMaxConns && peer.isHealthy(at: now)
                    && !tried.contains(peer.peer)
            }
            let index =
                switch strategy {
                case .leastConnections: LeastConnections.choose(from: &peers, now: now, where: isCandidate)
                case .leastTimeToHead:
                    LeastTime.choose(from: &peers, by: \.averageToHead, now: now, where: isCandidate)
                case .leastTimeToEnd:
                    LeastTime.choose(from: &peers, by: \.averageToEnd, now: now, where: isCandidate)
                case .roundRobin, .random, .randomTwo, .addressHash, .hash, .consistentHash:
                    SmoothWeightedRoundRobin.choose(from: &peers, now: now, where: isCandidate)
                }
            if let index {
                peers[index].startFailPeriod(at: now)
                return .peer(index)
            }
        }
        let isAnyBusy = peers.contains { $0.isAtMaxConns && $0.isHealthy(at: now) && !tried.contains($0.peer) }
        return isAnyBusy ? .allBusy : .noneUsable
    }

    /// Chooses a primary peer by a hash or at random.
    /// - Returns: nil if the strategy uses neither a hash nor chance, if there is no key to hash, or if no usable peer
    ///   was found. If nil, call ``chooseByWeightOrLoad(now:tried:)``.
    private mutating func chooseByHashOrChance(now: Milliseconds, tried: inout TriedPeers) -> Int? {
        switch strategy {
        case .roundRobin, .leastConnections, .leastTimeToHead, .leastTimeToEnd: return nil
        case .addressHash, .hash, .consistentHash: if tried.key.isEmpty { return nil }
        case .random, .randomTwo: break
        }
        let before = tried
        let isCandidate = { (peer: PeerState) in
            !peer.specification.isBackup && !peer.isAtMaxConns && peer.isHealthy(at: now)
                && !before.contains(peer.peer)
        }
        switch strategy {
        case .random: return random.choose(from: peers, where: isCandidate)
        case .randomTwo: return random.chooseLessLoadedOfTwo(from: peers, where: isCandidate)
        case .addressHash: return tried.sequence.chooseByAddress(before.key, from: peers, where: isCandidate)
        case .hash: return tried.sequence.choose(byKey: before.key, from: peers, where: isCandidate)
        default:
            return tried.sequence.choose(byKey: before.key, on: ring, from: &peers, now: now, where: isCandidate)
        }
    }
}
