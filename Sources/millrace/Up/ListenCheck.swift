import Reactor

/// Whether the addresses are free, found out before anything is started.
///
/// The balancer's own sockets share a port between its threads (SO_REUSEPORT), and would share it with another
/// balancer of the same user; so the question is asked without that.
struct ListenCheck {
    private let addresses: [String]

    init(_ addresses: [String]) { self.addresses = addresses }

    func check() throws {
        for text in addresses {
            guard !text.hasPrefix("unix:") else { continue }
            let (host, port) = UpPlan.split(text)
            guard let port = UInt16(port), port > 0 else {
                throw CommandFailure(description: "--listen: \"\(text)\" is no address (host:port)", code: 64)
            }
            for address in try found(host, port, text) {
                do {
                    try Listener.listen(on: address).close()
                } catch {
                    throw CommandFailure(description: "cannot listen on \(text): \(error)")
                }
            }
        }
    }

    private func found(_ host: String, _ port: UInt16, _ text: String) throws -> [SocketAddress] {
        if host.isEmpty || host == "*" { return [.ipv4(0, port: port)] }
        if let address = SocketAddress("\(host):\(port)") { return [address] }
        do {
            return try SocketAddress.resolve(host: host, port: port)
        } catch {
            throw CommandFailure(description: "--listen: \"\(text)\": \(error)", code: 64)
        }
    }
}
