internal import Glibc
internal import NginxConfig
internal import Reactor

/// The listening sockets of a configuration.
enum ListenerBinding {
    /// Binds what a configuration asks for; what an earlier one bound already is kept.
    static func bind(
        _ wanted: [NginxConfig.Listener], keeping old: [BoundListener], owners: [Int],
        inherited: [Reactor.Listener] = []
    ) throws(BalancerError) -> [BoundListener] {
        var inherited = inherited
        var bound: [BoundListener] = []
        do throws(SystemError) {
            var places: [BoundListener.Place] = []
            for settings in wanted {
                let address =
                    if let known = old.first(where: { isSame($0.settings, settings) }) {
                        known.address
                    } else {
                        try address(of: settings.endpoint)
                    }
                places.append(.init(address: address, settings: settings))
            }
            for place in places where !places.contains(where: { $0.covers(place) }) {
                let sockets: [Reactor.Listener]
                if let known = old.first(where: { isSame($0.settings, place.settings) }) {
                    sockets = known.sockets
                } else {
                    sockets = inherited.filter { $0.localAddress == place.address }
                    inherited.removeAll { $0.localAddress == place.address }
                }
                let covered = places.filter { place.covers($0) }
                bound.append(try listen(at: place, covered, owners: owners, having: sockets))
            }
        } catch {
            close(difference(bound, old))
            throw .system("\(error)")
        }
        for socket in inherited { socket.close() }
        return bound
    }

    private static func isSame(_ one: NginxConfig.Listener, _ other: NginxConfig.Listener) -> Bool {
        one.endpoint == other.endpoint && one.options.reusePort == other.options.reusePort
    }

    private static func address(of endpoint: Endpoint) throws(SystemError) -> SocketAddress {
        switch endpoint {
        case .unix(let path): return .unix(path)
        case .inet(let host, let port):
            if let address = SocketAddress(numeric: host, port: port) { return address }
            if let found = try? SocketAddress.resolve(host: host, port: port).first { return found }
            throw SystemError("bind", code: EADDRNOTAVAIL, subject: endpoint.description)
        }
    }

    private static func listen(
        at place: BoundListener.Place, _ covered: [BoundListener.Place], owners: [Int], having old: [Reactor.Listener]
    ) throws(SystemError) -> BoundListener {
        var address = place.address
        let settings = place.settings
        var isPerLoop = settings.options.reusePort && owners.count > 1
        if case .unix = address { isPerLoop = false }
        var options = Reactor.Listener.Options(
            backlog: settings.options.backlog.map { CInt(clamping: $0) } ?? 511,
            reusePort: settings.options.reusePort, ipv6Only: settings.options.ipv6Only)
        options.more = settings.options.socketOptions
        var sockets = old
        do throws(SystemError) {
            while sockets.count < (isPerLoop ? owners.count : 1) {
                let socket = try Reactor.Listener.listen(on: address, options)
                sockets.append(socket)
                // With port 0 all share the one that the first was given.
                address = socket.localAddress ?? address
            }
        } catch {
            for socket in sockets.dropFirst(old.count) { socket.close() }
            throw error
        }
        return BoundListener(
            settings: settings, address: address, covered: covered, sockets: sockets, owners: owners)
    }

    /// `some`, with those of their sockets only that `others` do not have.
    static func difference(_ some: [BoundListener], _ others: [BoundListener]) -> [BoundListener] {
        let kept = Set(others.flatMap(\.sockets))
        return some.compactMap { listener in
            let sockets = listener.sockets.filter { !kept.contains($0) }
            if sockets.isEmpty { return nil }
            return BoundListener(
                settings: listener.settings, address: listener.address, covered: listener.covered, sockets: sockets,
                owners: listener.owners)
        }
    }

    /// The file of a unix socket goes, too, unless the process before this one still listens there.
    /// - Parameter areHandedOver: the process after this one listens there
    static func close(_ listeners: [BoundListener], areHandedOver: Bool = false) {
        for listener in listeners {
            for socket in listener.sockets { socket.close() }
            if !areHandedOver, !Successor.hasPredecessor, case .unix(let path) = listener.address { unlink(path) }
        }
    }
}
