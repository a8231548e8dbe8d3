internal import NginxConfig
internal import Reactor

extension NginxConfiguration {
    /// Throws nginx's error for the first `server` or `fastcgi_pass` whose host name has no address. Servers with the
    /// parameter `resolve` are not checked.
    ///
    /// Blocks while it looks names up.
    func checkUpstreamNames() throws(ConfigurationError) {
        for upstream in http?.upstreams ?? [] {
            for server in upstream.servers where !server.isResolvedAtRuntime {
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
