internal import Bytes
internal import NginxConfig
internal import Patterns

/// Finds the server and the location of a request, and matches regular expressions.
extension Exchange {
    /// - Parameter host: The position of the host in the request's bytes.
    func serverIndex(for host: Range<Int>, _ listener: ListenerSettings) -> Int {
        let bytes = request.bytes
        let span = bytes.span.extracting(host)
        guard listener.hasPatterns else { return listener.server(for: span) }
        // Match the name in lower case, so that its groups are in lower case, as in nginx.
        let name = bytes[host].lowercasedASCII
        return listener.server(for: span) { matches($0, name) }
    }

    func locationIndex(for path: [UInt8]) -> Int {
        server.table.location(for: path.span) { matches($0, path) }?.location ?? 0
    }

    /// Matches a regular expression, and stores its groups if it matches.
    /// - Parameter index: The index of the regular expression in the configuration's patterns.
    func matches(_ index: Int, _ subject: [UInt8]) -> Bool {
        let pattern = route.configuration.patterns[index]
        guard loop.matcher.matches(pattern, subject.span, into: &groups.last.ranges) else { return false }
        groups.last.subject = subject
        if pattern.hasNames { groups.keep(pattern) }
        return true
    }
}
