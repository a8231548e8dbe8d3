import Reactor
import Settings

/// Checks that the addresses are free before anything is started.
///
/// The balancer opens its sockets with SO_REUSEPORT, so that its threads can share a port. So two balancers of the same
/// user would share a port too, without an error. This check does not use SO_REUSEPORT, so it detects another balancer.
struct ListenCheck {
    private let addresses: [String]
    private let option: String?

    /// - Parameter option: the option that the addresses came from; `nil` if they came from the variable.
    init(_ addresses: [String], option: String?) {
        self.addresses = addresses
        self.option = option
    }

    func check() throws {
        for text in addresses where !text.hasPrefix("unix:") {
            let (host, port) = UpPlan.split(text)
            guard let place = HostPort("\(host):\(port)"), place.port > 0 else {
                throw SettingsError(
                    EnvironmentVariables.listen, option: option, "\(Settings.shown(text)) is not an address (host:port)"
                )
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
            throw SettingsError(EnvironmentVariables.listen, option: option, "\(error)")
        }
    }
}
