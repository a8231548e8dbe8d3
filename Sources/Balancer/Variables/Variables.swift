internal import Balancing
internal import Bytes
internal import Glibc
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The values of nginx's variables for one exchange.
///
/// It stores no values: it computes them from the parts of the exchange.
struct Variables {
    let exchange: Exchange
    /// The time for `$msec`, if it must not change; nil: `$msec` is the loop's current time.
    private let time: WallTime?
    /// The number of nested `map` variables. It is limited, because a `map` may refer to itself.
    private let mapDepth: Int

    private static let maxMapDepth = 16

    init(_ exchange: Exchange, time: WallTime? = nil) {
        self.init(exchange, time: time, mapDepth: 0)
    }

    private init(_ exchange: Exchange, time: WallTime?, mapDepth: Int) {
        self.exchange = exchange
        self.time = time
        self.mapDepth = mapDepth
    }

    // MARK: Templates

    func append(_ template: Template, to out: inout [UInt8]) {
        for part in template.parts {
            switch part {
            case .literal(let bytes): out.append(contentsOf: bytes)
            case .variable(let variable): _ = append(variable, to: &out)
            }
        }
    }

    func value(of template: Template) -> [UInt8] {
        var value: [UInt8] = []
        append(template, to: &value)
        return value
    }

    /// The value of a variable; empty if it has none.
    func value(of variable: Variable) -> [UInt8] {
        var value: [UInt8] = []
        _ = append(variable, to: &value)
        return value
    }

    // MARK: Variables

    /// - Returns: false if the variable has no value. Then nothing is appended.
    func append(_ variable: Variable, to out: inout [UInt8]) -> Bool {
        switch variable {
        case .named(let name): append(name, to: &out)
        case .requestHeader(let name): appendRequestHeader(name, to: &out)
        case .argument(let name): appendArgument(name, to: &out)
        case .cookie(let name): appendCookie(name, to: &out)
        case .responseHeader(let name), .upstreamHeader(let name): appendResponseHeader(name, to: &out)
        case .upstreamCookie(let name): appendUpstreamCookie(name, to: &out)
        case .trailer: false
        case .group(let number): exchange.groups.last.append(number, to: &out)
        case .namedGroup(let name): exchange.groups.append(named: name, to: &out)
        case .mapped(let index): appendMapped(index, to: &out)
        }
    }

    /// Appends the value of a `map`.
    private func appendMapped(_ index: Int, to out: inout [UInt8]) -> Bool {
        guard mapDepth < Self.maxMapDepth else { return false }
        let map = exchange.route.configuration.maps[index]
        let deeper = Variables(exchange, time: time, mapDepth: mapDepth + 1)
        // With the shipped configuration, each request looks up a value in a map. To save an allocation, this value is
        // built in memory that the loop keeps.
        var source: [UInt8] = []
        swap(&source, &exchange.loop.mapSource)
        source.removeAll(keepingCapacity: true)
        deeper.append(map.source, to: &source)
        defer { exchange.loop.mapSource = source }
        let value =
            (map.exact.isEmpty ? nil : map.exact[source.lowercasedASCII])
            ?? map.patterns.first { exchange.matches($0.pattern, source) }?.value
            ?? map.fallback
        let start = out.count
        deeper.append(value, to: &out)
        return out.count > start
    }

    @discardableResult
    func append(_ name: NamedVariable, to out: inout [UInt8]) -> Bool {
        switch name {
        case .arguments, .queryString: return appendQuery(to: &out)
        case .isArguments: if exchange.hasQuery { out.append(ASCII.question) }
        case .isRequestPort: if exchange.request.port != nil { out.append(ASCII.colon) }
        case .limitRate: out.append(decimal: exchange.response.limitRate)
        case .binaryRemoteAddress: exchange.clientAddress.appendBinary(to: &out)
        case .remoteAddress:
            if let address = exchange.route.realAddress {
                out.append(contentsOf: address.host.utf8)
            } else {
                exchange.info.addressText.append(to: &out)
            }
        case .remotePort:
            let port = exchange.clientAddress.port
            if port > 0 { out.append(decimal: Int(port)) }
        case .realIPRemoteAddress: exchange.info.addressText.append(to: &out)
        case .realIPRemotePort: if exchange.info.address.port > 0 { out.append(decimal: exchange.info.address.port) }
        case .bodyBytesSent:
            out.append(decimal: max(0, exchange.client.responseBytesSent - exchange.client.responseHeadBytes))
        case .bytesSent: out.append(decimal: exchange.client.responseBytesSent)
        case .connection: out.append(decimal: exchange.info.number)
        case .connectionRequests: out.append(decimal: exchange.info.requests)
        case .connectionTime: appendSeconds(exchange.loop.events.now - exchange.info.openedAt, to: &out)
        case .contentLength: return appendContentLength(to: &out)
        case .contentType: return append(exchange.request.head.fields.first(.contentType)?.value, to: &out)
        case .documentRoot: append(exchange.location.settings.files.root.path, to: &out)
        case .realPathRoot: return appendRealPathRoot(to: &out)
        case .requestFileName:
            if let name = FileNames(exchange).name(of: exchange.path) { out.append(contentsOf: name) }
        case .documentURI, .uri: out.append(contentsOf: exchange.path)
        case .host: appendHost(to: &out)
        case .hostName: out.append(contentsOf: Self.hostName)
        case .https:
            guard exchange.info.isEncrypted else { return false }
            out.append(literal: "on")
        case .milliseconds:
            let milliseconds = (time ?? exchange.loop.events.wallTime).microseconds / 1000
            out.append(decimal: milliseconds / 1000)
            out.append(ASCII.dot)
            out.append(decimal: milliseconds % 1000, width: 3)
        case .nginxVersion: out.append(literal: "1.29.8")
        case .processID: out.append(decimal: getpid())
        case .pipelined: out.append(ASCII.dot)
        case .remoteUser: return appendRemoteUser(to: &out)
        case .proxyProtocolAddress:
            guard let proxied = exchange.info.proxied else { return false }
            out.append(contentsOf: proxied.source.host.utf8)
        case .proxyProtocolPort:
            guard let proxied = exchange.info.proxied else { return false }
            out.append(decimal: proxied.source.port)
        case .proxyProtocolServerAddress:
            guard let proxied = exchange.info.proxied else { return false }
            out.append(contentsOf: proxied.destination.host.utf8)
        case .proxyProtocolServerPort:
            guard let proxied = exchange.info.proxied else { return false }
            out.append(decimal: proxied.destination.port)
        case .request: out.append(contentsOf: exchange.request.line)
        case .requestBody:
            // As in nginx, the variable has a value only if the whole body is in memory.
            guard exchange.body.isComplete, exchange.body.spool == nil, !exchange.body.held.isEmpty else {
                return false
            }
            out.append(contentsOf: exchange.body.held)
        case .requestBodyFile: return false
        case .requestCompletion:
            if exchange.response.isComplete, exchange.response.status != 499 { out.append(literal: "OK") }
        case .requestID: out.append(contentsOf: exchange.secretID)
        case .requestLength: out.append(decimal: exchange.request.bytes.count + exchange.body.count)
        case .requestMethod:
            if exchange.route.redirect?.isGET == true, !exchange.request.head.method.isHead {
                out.append(literal: "GET")
            } else {
                return append(exchange.request.head.methodName, to: &out)
            }
        case .requestPort: if let port = exchange.request.port { out.append(decimal: port) }
        case .requestTime: appendSeconds(exchange.loop.events.now - exchange.request.startedAt, to: &out)
        case .requestURI:
            if exchange.request.head.isPathImplied { out.append(ASCII.slash) }
            return append(exchange.request.head.requestURI, to: &out)
        case .scheme: out.append(literal: exchange.info.scheme)
        case .serverAddress:
            if let local = exchange.info.localAddress { out.append(contentsOf: exchange.loop.host(of: local)) }
        case .serverName: out.append(contentsOf: exchange.server.name)
        case .serverPort:
            if let local = exchange.info.localAddress, local.port > 0 { out.append(decimal: Int(local.port)) }
        case .serverProtocol: out.append(literal: exchange.request.head.version == .http10 ? "HTTP/1.0" : "HTTP/1.1")
        case .status:
            let status = exchange.response.status
            out.append(decimal: status > 0 ? status : exchange.route.redirect?.status ?? 0, width: 3)
        case .tcpRoundTrip, .tcpRoundTripVariation, .tcpCongestionWindow, .tcpReceiveSpace:
            guard let path = exchange.info.tcpInfo else { return false }
            let value =
                switch name {
                case .tcpRoundTrip: path.roundTripMicroseconds
                case .tcpRoundTripVariation: path.variationMicroseconds
                case .tcpCongestionWindow: path.congestionWindow
                default: path.receiveSpace
                }
            out.append(decimal: value)
        case .timeISO8601: out.append(contentsOf: exchange.loop.time.iso8601)
        case .traceParent: out.append(contentsOf: exchange.traceParent)
        case .timeLocal: out.append(contentsOf: exchange.loop.time.local)
        case .fastCGIScriptName: appendScriptName(to: &out)
        case .fastCGIPathInfo: return appendPathInfo(to: &out)
        case .limitConnectionStatus:
            guard exchange.limits.hasDecidedConnection else { return false }
            out.append(literal: exchange.limits.connectionStatus)
        case .limitRequestStatus:
            guard exchange.limits.hasDecidedRequest else { return false }
            out.append(literal: exchange.limits.requestStatus)
        case .upstreamAddress: return appendAttempts(to: &out) { $1.append(contentsOf: $0.peer.address.utf8) }
        case .upstreamStatus:
            return appendAttempts(to: &out) { attempt, out in
                if attempt.status > 0 { out.append(decimal: attempt.status) } else { out.append(ASCII.hyphen) }
            }
        case .upstreamCacheStatus: return false
        case .upstreamQueueTime:
            return appendAttempts(to: &out) { attempt, out in
                if let queued = attempt.queued { appendSeconds(queued, to: &out) } else { out.append(ASCII.hyphen) }
            }
        case .upstreamResponseTime: return appendTimes(to: &out) { $0.endedAt ?? exchange.loop.events.now }
        case .upstreamConnectTime: return appendTimes(to: &out) { $0.connectedAt }
        case .upstreamHeaderTime: return appendTimes(to: &out) { $0.headerAt }
        case .upstreamResponseLength: return appendAttempts(to: &out) { $1.append(decimal: $0.responseLength) }
        case .upstreamBytesReceived:
            return appendAttempts(to: &out) { $1.append(decimal: exchange.upstream.bytesReceived) }
        case .upstreamBytesSent: return appendAttempts(to: &out) { $1.append(decimal: exchange.upstream.bytesSent) }
        }
        return true
    }

    private static let hostName: [UInt8] = {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    }()

    /// Appends a time in seconds with three decimals.
    private func appendSeconds(_ duration: Duration, to out: inout [UInt8]) {
        let milliseconds = max(0, duration.wholeMilliseconds)
        out.append(decimal: milliseconds / 1000)
        out.append(ASCII.dot)
        out.append(decimal: milliseconds % 1000, width: 3)
    }

    private func appendRealPathRoot(to out: inout [UInt8]) -> Bool {
        let root = String(decoding: value(of: exchange.location.settings.files.root.path), as: UTF8.self)
        guard let path = realpath(root, nil) else { return false }
        defer { free(path) }
        out.append(contentsOf: String(cString: path).utf8)
        return true
    }

    // MARK: Of the upstream

    /// Appends the values of all attempts, separated by `, ` as in nginx.
    private func appendAttempts(to out: inout [UInt8], _ value: (UpstreamAttempt, inout [UInt8]) -> Void) -> Bool {
        let attempts = exchange.upstream.attempts
        guard !attempts.isEmpty else { return false }
        for (position, attempt) in attempts.enumerated() {
            if position > 0 { out.append(literal: ", ") }
            value(attempt, &out)
        }
        return true
    }

    private func appendTimes(to out: inout [UInt8], _ end: (UpstreamAttempt) -> MonotonicTime?) -> Bool {
        appendAttempts(to: &out) { attempt, out in
            if let end = end(attempt) {
                appendSeconds(end - attempt.startedAt, to: &out)
            } else {
                out.append(ASCII.hyphen)
            }
        }
    }
}
