/// A `server` block while its directives are applied.
struct ServerDraft {
    struct Listen {
        let endpoint: Endpoint
        var options = ListenOptions()
        /// Whether this `listen` has socket options. Only one `listen` of an address may have them.
        var hasOptions = false
        var hasProxyProtocol = false
        var isDefault = false
        let location: SourceLocation
    }

    var server: Server
    var listens: [Listen] = []
    /// The open locations, the outermost first.
    var enclosing: [Location.Match] = []
}

extension Builder {
    mutating func openServer(_ directive: Directive) throws(ConfigurationError) {
        let outer = settings
        let first = Location(match: .server, settings: settings)
        server = ServerDraft(server: Server(locations: [first], location: directive.location))
        try apply(directive.block ?? [])
        guard var draft = server, directive.blockEnd != nil else { return }
        draft.server.locations[0].settings = settings
        if draft.listens.isEmpty {
            draft.listens = [
                ServerDraft.Listen(endpoint: .inet(host: "0.0.0.0", port: 80), location: directive.location)
            ]
        }
        try attach(draft)
        settings = outer
        server = nil
    }

    /// `server_name name …`
    mutating func serverName(_ directive: Directive) throws(ConfigurationError) {
        if markSeen(directive) { server?.server.names = [] }
        for name in directive.arguments {
            if name.hasPrefix("~") {
                let text = String(name.dropFirst())
                if text.isEmpty { throw directive.error("empty regex in server name \"\(name)\"") }
                // A host is in lower case when it is matched. So a pattern with capital letters would match no host. To
                // avoid this, such a pattern ignores case.
                let ignoresCase = text.utf8.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
                let index = pattern(text, ignoresCase: ignoresCase, directive)
                server?.server.names.append(.pattern(text, index: index))
                continue
            }
            if name.hasPrefix("$") {
                throw directive.error("server name \"\(name)\" is not supported: no variables")
            }
            if (name.hasPrefix("*") && !(name.hasPrefix("*.") && name.utf8.count > 2)) || name == "." {
                throw directive.error("server name \"\(name)\" is invalid")
            }
            if name.contains("/") { warn("server name \"\(name)\" has suspicious symbols", at: directive.location) }
            let inner = name.dropFirst(name.hasPrefix("*.") ? 2 : 0).dropLast(name.hasSuffix(".*") ? 2 : 0)
            let stars = name.count { $0 == "*" }
            if stars > 1 || inner.contains("*") || name.contains("..") {
                throw directive.error("invalid server name or wildcard \"\(name)\"")
            }
            server?.server.names.append(.text(name.lowercased()))
        }
    }

    /// `listen address[:port] [default_server] [proxy_protocol] [backlog=n] [reuseport] [ipv6only=on|off]
    /// [so_keepalive=on|off|[idle]:[interval]:[count]] [rcvbuf=size] [sndbuf=size] [deferred] [fastopen=n] [bind]`
    mutating func listen(_ directive: Directive) throws(ConfigurationError) {
        let text = directive.arguments[0]
        let endpoint: Endpoint
        do throws(Endpoint.AddressError) {
            endpoint = try Endpoint(text, defaultPort: 80, isListener: true)
        } catch {
            throw directive.error("\(error.reason) in \"\(text)\" of the \"listen\" directive")
        }
        if server?.listens.contains(where: { $0.endpoint == endpoint }) == true {
            throw directive.error("a duplicate listen \(endpoint)")
        }
        var listen = ServerDraft.Listen(endpoint: endpoint, location: directive.location)
        for argument in directive.arguments.dropFirst() {
            try listen.apply(parameter: argument, of: directive)
        }
        server?.listens.append(listen)
    }

    /// Adds a finished server to each of its listeners.
    private mutating func attach(_ draft: ServerDraft) throws(ConfigurationError) {
        let index = http.servers.count
        for listen in draft.listens {
            let place: Int
            if let known = http.listeners.firstIndex(where: { $0.endpoint == listen.endpoint }) {
                place = known
                try http.listeners[place].join(listen, server: index)
            } else {
                place = http.listeners.count
                http.listeners.append(
                    ListenerSettings(endpoint: listen.endpoint, listen, server: index))
            }
            for name in draft.server.names {
                switch name {
                case .text(let name):
                    if http.listeners[place].hosts.insert(name, server: index) { continue }
                    warn(
                        "conflicting server name \"\(name)\" on \(listen.endpoint), ignored", at: draft.server.location)
                case .pattern(_, let pattern):
                    http.listeners[place].hosts.insert(pattern: pattern, server: index)
                }
            }
        }
        http.servers.append(draft.server)
    }
}
