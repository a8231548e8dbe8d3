internal import NginxConfig
internal import Reactor

extension NginxConfiguration {
    /// nginx's complaint about the first `server` or `fastcgi_pass` whose name has no address, unless it says `resolve`.
    ///
    /// Looks names up, so it may block.
    func checkUpstreamNames() throws(ConfigurationError) {
        for upstream in http?.upstreams ?? [] {
            for server in upstream.servers where !server.isResolvedLater {
                guard case .inet(let host, let port) = server.endpoint,
                    SocketAddress(numeric: host, port: port) == nil
                else { continue }
                guard (try? SocketAddress.resolve(host: host, port: port))?.isEmpty == false else {
                    throw ConfigurationError("host not found in upstream \"\(server.text)\"", at: server.location)
                }
            }
        }
    }
}
