extension Builder {
    mutating func openHTTP(_ directive: Directive) throws(ConfigurationError) {
        try rejectDuplicate(directive)
        let combined = try Template(LogFormat.combinedText, of: directive, variables)
        let format = LogFormat(name: "combined", escape: .standard, template: combined)
        http.logFormats = [format]
        settings.accessLogs = [
            AccessLog(path: absolute("logs/access.log"), format: format, bufferSize: nil, flushInterval: nil)
        ]
        try apply(directive.block ?? [])
    }

    mutating func openUpstream(_ directive: Directive) throws(ConfigurationError) {
        let name = directive.arguments[0].lowercased()
        if http.upstreams.contains(where: { $0.name == name }) {
            throw directive.error("duplicate upstream \"\(directive.arguments[0])\"")
        }
        upstream = Upstream(name: name)
        try apply(directive.block ?? [])
        guard var upstream, let end = directive.blockEnd else { return }
        upstream.resolver = upstream.resolver ?? http.resolver
        upstream.resolverTimeout = upstream.resolverTimeout ?? http.resolverTimeout
        if upstream.servers.isEmpty {
            throw ConfigurationError("no servers are inside upstream", at: end)
        }
        http.upstreams.append(upstream)
        self.upstream = nil
    }

    /// `server address [weight=n] [max_fails=n] [fail_timeout=time] [max_conns=n] [slow_start=time] [backup] [down]
    /// [resolve]`
    mutating func upstreamServer(_ directive: Directive) throws(ConfigurationError) {
        let text = directive.arguments[0]
        let endpoint: Endpoint
        do throws(Endpoint.AddressError) {
            endpoint = try Endpoint(text, defaultPort: 80)
        } catch {
            throw directive.error("\(error.reason) in upstream \"\(text)\"")
        }
        var server = UpstreamServer(text: text, endpoint: endpoint, location: directive.location)
        for argument in directive.arguments.dropFirst() {
            guard server.apply(parameter: argument) else { throw directive.invalidParameter(argument) }
            if upstream?.method.supports(argument) == false {
                throw directive.error("balancing method does not support parameter \"\(argument)\"")
            }
        }
        upstream?.servers.append(server)
    }

    /// `fastcgi_pass upstream | host:port | unix:/path`
    mutating func fastCGIPass(_ directive: Directive) throws(ConfigurationError) {
        try rejectDuplicate(directive)
        let text = directive.arguments[0]
        if text.contains("$") { throw directive.error("variables in \"fastcgi_pass\" are not supported") }
        if let known = http.upstreams.firstIndex(where: { $0.name == text.lowercased() || $0.name == text }) {
            settings.upstream.pass = known
            return
        }
        let endpoint: Endpoint
        do throws(Endpoint.AddressError) {
            endpoint = try Endpoint(text, defaultPort: nil)
        } catch {
            throw directive.error("\(error.reason) in upstream \"\(text)\"")
        }
        var implied = Upstream(name: text)
        implied.servers = [UpstreamServer(text: text, endpoint: endpoint, location: directive.location)]
        settings.upstream.pass = http.upstreams.count
        http.upstreams.append(implied)
    }
}

extension UpstreamServer {
    /// - Returns: false if the parameter is unknown or its value is invalid
    fileprivate mutating func apply(parameter: String) -> Bool {
        switch parameter {
        case "backup":
            isBackup = true
            return true
        case "down":
            isDown = true
            return true
        case "resolve":
            isResolvedAtRuntime = true
            return true
        default:
            break
        }
        if let value = parameter.dropping(prefix: "weight=") {
            // The limit keeps sums and products of weights far from overflow.
            guard let number = Values.number(value), (1...1_000_000).contains(number) else { return false }
            weight = number
        } else if let value = parameter.dropping(prefix: "max_fails=") {
            guard let number = Values.number(value) else { return false }
            maxFails = number
        } else if let value = parameter.dropping(prefix: "max_conns=") {
            guard let number = Values.number(value) else { return false }
            maxConnections = number
        } else if let value = parameter.dropping(prefix: "fail_timeout=") {
            guard let time = Values.time(value, unit: .seconds) else { return false }
            failTimeout = time
        } else if let value = parameter.dropping(prefix: "slow_start=") {
            guard let time = Values.time(value, unit: .seconds) else { return false }
            slowStart = time
        } else {
            return false
        }
        return true
    }
}
