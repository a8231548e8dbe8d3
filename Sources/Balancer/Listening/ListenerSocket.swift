internal import Balancing
internal import NginxConfig
internal import Reactor

/// Accepts the connections of a listening socket for one loop.
final class ListenerSocket: EventHandler, TimerHandler {
    let loop: BalancerLoop
    let descriptor: CInt
    let address: SocketAddress
    private var isShared: Bool
    /// The listeners of single addresses that have no socket of their own: this socket accepts their connections.
    private var covered: [ListenerSocket] = []
    private let socket: ListeningSocket
    private(set) var configuration: RunningConfiguration
    private(set) var settings: ListenerSettings
    /// The server of a request whose host is not known yet.
    private(set) var defaultServer: RunningServer
    /// The location whose settings apply before the host of a request is known.
    private(set) var defaultLocation: RunningLocation
    private var registration: EventLoop.Registration?
    private var timer: EventLoop.Timer?

    /// The pause when no descriptor is left. nginx, too, waits half a second.
    private static let exhaustionPause = Duration.milliseconds(500)

    convenience init(
        loop: BalancerLoop, descriptor: CInt, configuration: RunningConfiguration, _ bound: BoundListener
    ) {
        self.init(
            loop, descriptor, bound.isShared, configuration, .init(address: bound.address, settings: bound.settings))
        adopt(covered: bound.covered)
    }

    private init(
        _ loop: BalancerLoop, _ descriptor: CInt, _ isShared: Bool, _ configuration: RunningConfiguration,
        _ place: BoundListener.Place
    ) {
        self.loop = loop
        self.descriptor = descriptor
        self.isShared = isShared
        self.address = place.address
        self.configuration = configuration
        self.settings = place.settings
        defaultServer = configuration.servers[settings.defaultServer]
        defaultLocation = defaultServer.locations[0]
        socket = ListeningSocket(descriptor: descriptor)
    }

    func adopt(_ configuration: RunningConfiguration, _ bound: BoundListener) {
        adopt(configuration, bound.settings)
        isShared = bound.isShared
        adopt(covered: bound.covered)
    }

    private func adopt(_ configuration: RunningConfiguration, _ settings: ListenerSettings) {
        self.configuration = configuration
        self.settings = settings
        defaultServer = configuration.servers[settings.defaultServer]
        defaultLocation = defaultServer.locations[0]
    }

    private func adopt(covered places: [BoundListener.Place]) {
        let old = covered
        covered = places.map { place in
            guard let known = old.first(where: { $0.address == place.address }) else {
                return ListenerSocket(loop, descriptor, isShared, configuration, place)
            }
            known.adopt(configuration, place.settings)
            return known
        }
    }

    func start() {
        registration = try? loop.events.add(listener: descriptor, self)
    }

    /// Stops accepting. It does not close the descriptor: ``ListenerBinding`` does that after all loops have stopped
    /// using it.
    func stop() {
        if let registration { loop.events.remove(registration, descriptor: descriptor) }
        registration = nil
        if let timer { loop.events.remove(timer) }
        timer = nil
    }

    /// Accepts all connections in the backlog. Call it before the last descriptor of the socket is closed: the kernel
    /// resets the connections that are in the backlog at that time.
    func acceptAll() {
        while case .connection(let socket, let address) = self.socket.accept() {
            place(of: socket).take(socket, address)
        }
    }

    /// The listener for the address that a connection was made to.
    private func place(of socket: Socket) -> ListenerSocket {
        if covered.isEmpty { return self }
        let address = socket.localAddress
        return covered.first { $0.address == address } ?? self
    }

    func handle(_ readiness: Readiness) {
        // Accept only one connection per event of a shared socket: the other connections of a burst wake other loops.
        for _ in 0..<(isShared ? 1 : 64) {
            switch socket.accept() {
            case .connection(let socket, let address): place(of: socket).take(socket, address)
            case .none: return
            case .exhausted(let code):
                // Close idle connections to get their descriptors.
                guard loop.closeIdle() > 0 else { return pause(code) }
                loop.logReuse("accept4() failed (\(code): \(SystemError.text(code)))")
            }
            guard registration != nil else { return }
        }
    }

    private func take(_ socket: Socket, _ address: SocketAddress) {
        guard loop.makeRoom() else {
            configuration.errorLog.log(.alert, "\(configuration.maxConnections) worker_connections are not enough")
            return socket.close()
        }
        // With the PROXY protocol, the client's address is not known yet.
        guard let place = settings.hasProxyProtocol ? [] : takePlace(for: address) else { return socket.close() }
        do throws(SystemError) {
            _ = try HTTP1Connection(socket, from: address, listener: self, place: place)
        } catch {
            if !place.isEmpty { loop.shared.clientConnections.leave(place) }
            configuration.errorLog.log(.alert, "\(error)")
            socket.close()
        }
    }

    /// Pauses accepting. Connections wait in the backlog until descriptors are free again.
    private func pause(_ code: CInt) {
        configuration.errorLog.log(.crit, "accept4() failed (\(code): \(SystemError.text(code)))")
        if let registration { loop.events.remove(registration, descriptor: descriptor) }
        registration = nil
        let timer = self.timer ?? loop.events.makeTimer(self)
        self.timer = timer
        loop.events.set(timer, after: Self.exhaustionPause)
    }

    func timerFired(_ timer: EventLoop.Timer) {
        if registration == nil { start() }
    }
}
