internal import NginxConfig

/// Which server and which location a request is for.
extension Exchange {
    /// The server of a listener that a request with this host, a range of the head, is for.
    func serverIndex(for host: Range<Int>, _ listener: ListenerSettings) -> Int {
        let bytes = headBytes
        let span = bytes.span.extracting(host)
        guard listener.hasPatterns else { return listener.server(for: span) }
        // Groups are in lower case, as in nginx.
        let name = bytes[host].map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        return listener.server(for: span) { matches($0, name) }
    }

    /// The location of its server that a path is for.
    func location(for path: [UInt8]) -> Int {
        server.table.location(for: path.span) { matches($0, path) }?.location ?? 0
    }
}
