internal import Glibc
internal import NginxConfig
internal import Reactor

/// The listening sockets of a configuration.
enum ListenerBinding {
    /// Binds what a configuration asks for; what an earlier one bound already is kept.
    static func bind(
        _ wanted: [NginxConfig.Listener], keeping old: [BoundListener], loops: Int
    ) throws(BalancerError) -> [BoundListener] {
        var bound: [BoundListener] = []
        for settings in wanted {
            if let known = old.first(where: { isSame($0.settings, settings) }) {
                bound.append(BoundListener(settings: settings, address: known.address, sockets: known.sockets))
                continue
            }
            do throws(SystemError) {
                let address = try address(of: settings.endpoint)
                bound.append(try listen(on: address, settings, loops: loops))
            } catch {
                close(difference(bound, old))
                throw .system("\(error)")
            }
        }
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
        on address: SocketAddress, _ settings: NginxConfig.Listener, loops: Int
    ) throws(SystemError) -> BoundListener {
        let isPerLoop = settings.options.reusePort && loops > 1
        let options = Reactor.Listener.Options(
            backlog: settings.options.backlog.map { CInt(clamping: $0) } ?? 511,
            reusePort: settings.options.reusePort, ipv6Only: settings.options.ipv6Only)
        var address = address
        var sockets: [Reactor.Listener] = []
        do throws(SystemError) {
            for _ in 0..<(isPerLoop ? loops : 1) {
                let socket = try Reactor.Listener.listen(on: address, options)
                sockets.append(socket)
                // With port 0 all share the one that the first was given.
                address = socket.localAddress ?? address
            }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
        return BoundListener(settings: settings, address: address, sockets: sockets)
    }

    /// Those of `some` whose sockets are not among `others`.
    static func difference(_ some: [BoundListener], _ others: [BoundListener]) -> [BoundListener] {
        some.filter { listener in !others.contains { $0.sockets == listener.sockets } }
    }

    static func close(_ listeners: [BoundListener]) {
        for listener in listeners {
            for socket in listener.sockets { socket.close() }
            if case .unix(let path) = listener.address { unlink(path) }
        }
    }
}
