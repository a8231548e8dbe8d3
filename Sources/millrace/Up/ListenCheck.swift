import Reactor
import Settings

/// Whether the addresses are free, found out before anything is started.
///
/// The balancer's own sockets share a port between its threads (SO_REUSEPORT), and would share it with another
/// balancer of the same user; so the question is asked without that.
struct ListenCheck {
    private let addresses: [String]
    private let option: String?

    /// - Parameter option: the name of the option that the addresses came from; `nil`: the variable.
    init(_ addresses: [String], option: String?) {
        self.addresses = addresses
        self.option = option
    }

    func check() throws {
        for text in addresses where !text.hasPrefix("unix:") {
            let (host, port) = UpPlan.split(text)
            guard let place = HostPort("\(host):\(port)"), place.port > 0 else {
                throw SettingsError(
                    Variables.listen, option: option, "\(Settings.shown(text)) is not an address (host:port)")
            }
            for address in try found(place) {
                do {
                    try ListeningSocket.listen(on: address).close()
                } catch {
                    throw CommandFailure(description: "cannot listen on \(text): \(error)")
                }
            }
        }
    }

    private func found(_ place: HostPort) throws(SettingsError) -> [SocketAddress] {
        do {
            return try place.addresses()
        } catch {
            throw SettingsError(Variables.listen, option: option, "\(error)")
        }
    }
}
