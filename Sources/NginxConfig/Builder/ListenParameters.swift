extension ServerDraft.Listen {
    mutating func apply(parameter: String, of directive: Directive) throws(ConfigurationError) {
        switch parameter {
        case "default_server", "default":
            isDefault = true
            return
        case "proxy_protocol":
            hasProxyProtocol = true
            return
        case "reuseport": options.reusePort = true
        case "bind": break
        case "deferred": options.isDeferred = true
        case "ipv6only=on": options.ipv6Only = true
        case "ipv6only=off": options.ipv6Only = false
        case "ssl", "http2", "quic":
            throw directive.error("\"\(parameter)\" of the \"listen\" directive is not supported")
        default: try apply(valued: parameter, of: directive)
        }
        hasOptions = true
    }

    private mutating func apply(valued parameter: String, of directive: Directive) throws(ConfigurationError) {
        if let value = parameter.dropping(prefix: "backlog=") {
            guard let number = Values.number(value), number > 0 else {
                throw directive.error("invalid backlog \"\(parameter)\"")
            }
            options.backlog = number
        } else if let value = parameter.dropping(prefix: "rcvbuf=") {
            guard let size = Values.size(value) else { throw directive.error("invalid rcvbuf \"\(parameter)\"") }
            options.receiveBuffer = size
        } else if let value = parameter.dropping(prefix: "sndbuf=") {
            guard let size = Values.size(value) else { throw directive.error("invalid sndbuf \"\(parameter)\"") }
            options.sendBuffer = size
        } else if let value = parameter.dropping(prefix: "fastopen=") {
            guard let number = Values.number(value) else {
                throw directive.error("invalid fastopen \"\(parameter)\"")
            }
            options.fastOpen = number
        } else if let value = parameter.dropping(prefix: "so_keepalive=") {
            guard let keepalive = TCPKeepalive(value) else {
                throw directive.error("invalid so_keepalive value: \"\(value)\"")
            }
            options.keepalive = keepalive
        } else {
            throw directive.invalidParameter(parameter)
        }
    }
}

extension TCPKeepalive {
    /// Parses `on`, `off`, or `[idle]:[interval]:[count]` with at least one of the three values.
    fileprivate init?(_ text: String) {
        switch text {
        case "on": self = .on(idle: nil, interval: nil, count: nil)
        case "off": self = .off
        default:
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= 3, !parts.allSatisfy(\.isEmpty) else { return nil }
            var numbers: [Int?] = [nil, nil, nil]
            for (position, part) in parts.enumerated() where !part.isEmpty {
                if position < 2 {
                    guard let time = Values.time(part, unit: .seconds) else { return nil }
                    numbers[position] = Int(time.components.seconds)
                } else {
                    guard let count = Values.number(part), count > 0 else { return nil }
                    numbers[position] = count
                }
            }
            self = .on(idle: numbers[0], interval: numbers[1], count: numbers[2])
        }
    }
}
