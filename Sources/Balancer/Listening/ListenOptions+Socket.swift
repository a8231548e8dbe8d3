internal import NginxConfig
internal import Reactor

extension ListenOptions {
    /// The options of the listening socket. Accepted connections inherit them.
    var socketOptions: [SocketOption] {
        var options: [SocketOption] = []
        switch keepalive {
        case .system: break
        case .off: options.append(.keepsAlive(false))
        case .on(let idle, let interval, let count):
            options.append(.keepsAlive(true))
            if let idle { options.append(.keepaliveIdle(seconds: idle)) }
            if let interval { options.append(.keepaliveInterval(seconds: interval)) }
            if let count { options.append(.keepaliveCount(count)) }
        }
        if let receiveBuffer { options.append(.receiveBuffer(receiveBuffer)) }
        if let sendBuffer { options.append(.sendBuffer(sendBuffer)) }
        if isDeferred { options.append(.deferAccept) }
        if let fastOpen { options.append(.fastOpen(fastOpen)) }
        return options
    }
}
