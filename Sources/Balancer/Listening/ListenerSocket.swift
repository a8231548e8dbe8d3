internal import Balancing
internal import NginxConfig
internal import Reactor

/// One loop's side of a listening socket: accepts connections.
final class ListenerSocket: EventHandler, TimerHandler {
    let loop: BalancerLoop
    let descriptor: CInt
    let address: SocketAddress
    private var isShared: Bool
    /// Of single addresses, without a socket of their own: their connections come to this one.
    private var covered: [ListenerSocket] = []
    private let socket: ListeningSocket
    private(set) var configuration: RunningConfiguration
    private(set) var settings: ListenerSettings
    /// Of a request until it has said which server it is for.
    private(set) var defaultServer: RunningServer
    /// What holds before a request has said which server it is for.
    private(set) var defaultLocation: RunningLocation
    private var registration: EventLoop.Registration?
    private var timer: EventLoop.Timer?

    /// nginx, too, waits half a second when it has no descriptor left.
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

    /// The descriptor itself is closed by whoever bound it, when the last loop has stopped with it.
    func stop() {
        if let registration { loop.events.remove(registration, descriptor: descriptor) }
        registration = nil
        if let timer { loop.events.remove(timer) }
        timer = nil
    }

    /// Takes the connections that are established already: a socket that no other process or loop has would take them
    /// with it when it is closed.
    func acceptAll() {
        while case .connection(let socket, let address) = self.socket.accept() {
            place(of: socket).take(socket, address)
        }
    }

    /// What holds for the address that a connection was made to.
    private func place(of socket: Socket) -> ListenerSocket {
        if covered.isEmpty { return self }
        let address = socket.localAddress
        return covered.first { $0.address == address } ?? self
    }

    func handle(_ readiness: Readiness) {
        // Of a shared socket one at a time: the others of a burst wake the other loops.
        for _ in 0..<(isShared ? 1 : 64) {
            switch socket.accept() {
            case .connection(let socket, let address): place(of: socket).take(socket, address)
            case .none: return
            case .exhausted(let code):
                // Those of idle clients are to be had.
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
        // With the PROXY protocol it is not known yet whose connection it is.
        guard let place = settings.hasProxyProtocol ? [] : takePlace(for: address) else { return socket.close() }
        do throws(SystemError) {
            _ = try HTTP1Connection(socket, from: address, listener: self, place: place)
        } catch {
            if !place.isEmpty { loop.shared.clientConnections.leave(place) }
            configuration.errorLog.log(.alert, "\(error)")
            socket.close()
        }
    }

    /// Connections wait in the backlog until descriptors are free again.
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
