internal import Glibc
internal import NginxConfig
internal import Reactor

/// Opens and closes the listening sockets of a configuration.
enum ListenerBinding {
    /// Binds the addresses of a configuration. If an address already has an open socket, it keeps this socket.
    /// - Parameters:
    ///   - old: the sockets of the configuration in force, empty at the start
    ///   - owners: the indices of the loops that accept connections
    ///   - inherited: the sockets that the previous process has handed over (binary upgrade). A socket whose address is
    ///     not in the configuration is closed.
    /// - Throws: nginx's text of the first failure. In this case, the method has closed the new sockets, and the old
    ///   ones are still open.
    static func bind(
        _ wanted: [ListenerSettings], keeping old: [BoundListener], owners: [Int],
        inherited: [ListeningSocket] = []
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
                let sockets: [ListeningSocket]
                if let known = old.first(where: { isSame($0.settings, place.settings) }) {
                    sockets = known.sockets
                } else {
                    sockets = inherited.filter { $0.localAddress == place.address }
                    inherited.removeAll { $0.localAddress == place.address }
                }
                let covered = places.filter { place.covers($0) }
                bound.append(try listen(at: place, covered, owners: owners, reusing: sockets))
            }
        } catch {
            close(difference(bound, old))
            throw .system("\(error)")
        }
        for socket in inherited { socket.close() }
        return bound
    }

    private static func isSame(_ one: ListenerSettings, _ other: ListenerSettings) -> Bool {
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

    /// Makes the listener of one address. It has one socket, or with `reuseport` one for each loop. Sockets in `old`
    /// are used first, and only the missing ones are opened.
    /// - Parameter covered: the other configured addresses whose connections arrive at these sockets
    private static func listen(
        at place: BoundListener.Place, _ covered: [BoundListener.Place], owners: [Int], reusing old: [ListeningSocket]
    ) throws(SystemError) -> BoundListener {
        var address = place.address
        let settings = place.settings
        var isPerLoop = settings.options.reusePort && owners.count > 1
        if case .unix = address { isPerLoop = false }
        var options = ListeningSocket.Options(
            backlog: settings.options.backlog.map { CInt(clamping: $0) } ?? 511,
            reusePort: settings.options.reusePort, ipv6Only: settings.options.ipv6Only)
        options.more = settings.options.socketOptions
        var sockets = old
        do throws(SystemError) {
            while sockets.count < (isPerLoop ? owners.count : 1) {
                let socket = try ListeningSocket.listen(on: address, options)
                sockets.append(socket)
                // Port 0: the system gives the first socket a port, and the other sockets use the same port.
                address = socket.localAddress ?? address
            }
        } catch {
            for socket in sockets.dropFirst(old.count) { socket.close() }
            throw error
        }
        return BoundListener(
            settings: settings, address: address, covered: covered, sockets: sockets, owners: owners)
    }

    /// Copies the listeners in `some` without the sockets that `others` also has. Leaves out a listener if none of its
    /// sockets is left.
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

    /// Closes the sockets, and removes the files of unix sockets. The files stay if the previous or the next process
    /// also listens on these sockets (binary upgrade).
    /// - Parameter areHandedOver: whether a new process has taken over these sockets
    static func close(_ listeners: [BoundListener], areHandedOver: Bool = false) {
        for listener in listeners {
            for socket in listener.sockets { socket.close() }
            if !areHandedOver, !Successor.hasPredecessor, case .unix(let path) = listener.address { unlink(path) }
        }
    }
}
