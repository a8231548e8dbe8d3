internal import Reactor

/// Texts that nearly all requests of a loop need.
struct TextCache {
    private let time = TimeText()
    private var lastHost: (address: SocketAddress, text: [UInt8])?

    /// The wall time as text, made once a second.
    func time(_ now: WallTime) -> TimeText {
        time.update(to: now)
        return time
    }

    /// The address without its port, as text. For a unix socket, it is the path. Only the last text is kept, because
    /// nearly all connections have the same address.
    mutating func host(of address: SocketAddress) -> [UInt8] {
        if let lastHost, lastHost.address == address { return lastHost.text }
        let text = if case .unix = address { address.description } else { address.host }
        lastHost = (address, Array(text.utf8))
        return lastHost!.text
    }
}
