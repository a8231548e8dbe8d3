internal import Bytes
internal import Balancing
internal import Glibc
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// The values of nginx's variables for one exchange.
extension Exchange {
    func append(_ template: Template, to out: inout [UInt8]) {
        for part in template.parts {
            switch part {
            case .literal(let bytes): out.append(contentsOf: bytes)
            case .variable(let variable): _ = append(variable, to: &out)
            }
        }
    }

    /// - Returns: false when the variable has no value here; nothing is appended then
    func append(_ variable: Variable, to out: inout [UInt8]) -> Bool {
        switch variable {
        case .named(let name): append(name, to: &out)
        case .requestHeader(let name): appendHeader(name, to: &out)
        case .argument(let name): appendArgument(name, to: &out)
        case .cookie(let name): appendCookie(name, to: &out)
        case .responseHeader(let name), .upstreamHeader(let name): appendResponseHeader(name, to: &out)
        case .upstreamCookie(let name): appendUpstreamCookie(name, to: &out)
        case .trailer: false
        case .group(let number): appendGroup(number, to: &out)
        case .namedGroup(let name): appendGroup(named: name, to: &out)
        case .mapped(let index): appendMapped(index, to: &out)
        }
    }

    @discardableResult
    func append(_ name: NamedVariable, to out: inout [UInt8]) -> Bool {
        switch name {
        case .arguments, .queryString: return appendQuery(to: &out)
        case .isArguments: if hasQuery { out.append("?") }
        case .isRequestPort: if requestPort != nil { out.append(":") }
        case .limitRate: out.append(decimal: limitRate)
        case .binaryRemoteAddress: (realAddress ?? info.address).appendBinary(to: &out)
        case .remoteAddress:
            if let realAddress {
                out.append(contentsOf: realAddress.host.utf8)
            } else {
                info.addressText.append(to: &out)
            }
        case .remotePort:
            let port = (realAddress ?? info.address).port
            if port > 0 { out.append(decimal: Int(port)) }
        case .realIPRemoteAddress: info.addressText.append(to: &out)
        case .realIPRemotePort: if info.address.port > 0 { out.append(decimal: info.address.port) }
        case .bodyBytesSent: out.append(decimal: max(0, client.responseBytesSent - client.responseHeadBytes))
        case .bytesSent: out.append(decimal: client.responseBytesSent)
        case .connection: out.append(decimal: info.number)
        case .connectionRequests: out.append(decimal: info.requests)
        case .connectionTime: appendSeconds(loop.events.now - info.openedAt, to: &out)
        case .contentLength: return appendContentLength(to: &out)
        case .contentType: return append(parser.head.fields.first(.contentType)?.value, to: &out)
        case .documentRoot: append(location.settings.files.root.path, to: &out)
        case .realPathRoot: return appendRealPath(to: &out)
        case .requestFileName: if let name = fileName(of: path) { out.append(contentsOf: name) }
        case .documentURI, .uri: out.append(contentsOf: path)
        case .host: appendHost(to: &out)
        case .hostName: out.append(contentsOf: Self.hostName)
        case .https: return false
        case .milliseconds:
            let time = isMakingParams ? paramsTime ?? loop.events.wallTime : loop.events.wallTime
            let milliseconds = time.microseconds / 1000
            out.append(decimal: milliseconds / 1000)
            out.append(".")
            out.append(decimal: milliseconds % 1000, width: 3)
        case .nginxVersion: out.append("1.29.8")
        case .processID: out.append(decimal: getpid())
        case .pipelined: out.append(".")
        case .remoteUser: return appendRemoteUser(to: &out)
        case .proxyProtocolAddress:
            guard let proxied = info.proxied else { return false }
            out.append(contentsOf: proxied.source.host.utf8)
        case .proxyProtocolPort:
            guard let proxied = info.proxied else { return false }
            out.append(decimal: proxied.source.port)
        case .proxyProtocolServerAddress:
            guard let proxied = info.proxied else { return false }
            out.append(contentsOf: proxied.destination.host.utf8)
        case .proxyProtocolServerPort:
            guard let proxied = info.proxied else { return false }
            out.append(decimal: proxied.destination.port)
        case .request: out.append(contentsOf: requestLine)
        case .requestBody:
            // As in nginx: where it is in memory as a whole.
            guard isBodyComplete, requestSpool == nil, !heldBody.isEmpty else { return false }
            out.append(contentsOf: heldBody)
        case .requestBodyFile: return false
        case .requestCompletion: if isComplete, status != 499 { out.append("OK") }
        case .requestID: out.append(contentsOf: privateIdentity)
        case .requestLength: out.append(decimal: headBytes.count + bodyCount)
        case .requestMethod:
            if redirect?.isGET == true, !parser.head.method.isHead {
                out.append("GET")
            } else {
                return append(parser.head.methodName, to: &out)
            }
        case .requestPort: if let port = requestPort { out.append(decimal: port) }
        case .requestTime: appendSeconds(loop.events.now - startedAt, to: &out)
        case .requestURI:
            if parser.head.isPathImplied { out.append("/") }
            return append(parser.head.requestURI, to: &out)
        case .scheme: out.append("http")
        case .serverAddress: if let local = info.localAddress { out.append(contentsOf: loop.host(of: local)) }
        case .serverName: out.append(contentsOf: server.name)
        case .serverPort: if let local = info.localAddress, local.port > 0 { out.append(decimal: Int(local.port)) }
        case .serverProtocol: out.append(parser.head.version == .http10 ? "HTTP/1.0" : "HTTP/1.1")
        case .status: out.append(decimal: status > 0 ? status : redirect?.status ?? 0, width: 3)
        case .tcpRoundTrip, .tcpRoundTripVariation, .tcpCongestionWindow, .tcpReceiveSpace:
            guard let path = info.path else { return false }
            let value =
                switch name {
                case .tcpRoundTrip: path.roundTripMicroseconds
                case .tcpRoundTripVariation: path.variationMicroseconds
                case .tcpCongestionWindow: path.congestionWindow
                default: path.receiveSpace
                }
            out.append(decimal: value)
        case .timeISO8601: out.append(contentsOf: loop.time.iso8601)
        case .traceParent: out.append(contentsOf: traceParent)
        case .timeLocal: out.append(contentsOf: loop.time.local)
        case .fastCGIScriptName: appendScriptName(to: &out)
        case .fastCGIPathInfo: return appendPathInfo(to: &out)
        case .limitConnectionStatus:
            guard connectionLimitStatus.utf8CodeUnitCount > 0 else { return false }
            out.append(connectionLimitStatus)
        case .limitRequestStatus:
            guard limitStatus.utf8CodeUnitCount > 0 else { return false }
            out.append(limitStatus)
        case .upstreamAddress: return appendAttempts(to: &out) { $1.append(contentsOf: $0.peer.address.utf8) }
        case .upstreamStatus:
            return appendAttempts(to: &out) { attempt, out in
                if attempt.status > 0 { out.append(decimal: attempt.status) } else { out.append("-") }
            }
        case .upstreamCacheStatus: return false
        case .upstreamQueueTime:
            return appendAttempts(to: &out) { attempt, out in
                if let queued = attempt.queued { appendSeconds(queued, to: &out) } else { out.append("-") }
            }
        case .upstreamResponseTime: return appendTimes(to: &out) { $0.endedAt ?? loop.events.now }
        case .upstreamConnectTime: return appendTimes(to: &out) { $0.connectedAt }
        case .upstreamHeaderTime: return appendTimes(to: &out) { $0.headerAt }
        case .upstreamResponseLength: return appendAttempts(to: &out) { $1.append(decimal: $0.responseLength) }
        case .upstreamBytesReceived: return appendAttempts(to: &out) { $1.append(decimal: upstreamBytesReceived) }
        case .upstreamBytesSent: return appendAttempts(to: &out) { $1.append(decimal: upstreamBytesSent) }
        }
        return true
    }

    /// The port that the request itself names.
    private var requestPort: Int? {
        guard let authority = parser.head.authority else { return nil }
        let text = headBytes[authority.range]
        let digits = text[(text.lastIndex { $0 &- 0x30 >= 10 }.map { $0 + 1 } ?? text.startIndex)...]
        guard digits.startIndex > text.startIndex, text[digits.startIndex - 1] == 0x3A else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private static let hostName: [UInt8] = {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    }()

    private func append(_ range: ByteRange?, to out: inout [UInt8]) -> Bool {
        guard let range else { return false }
        let bytes = headBytes
        out.append(contentsOf: bytes.span.extracting(range.range))
        return true
    }

    var query: [UInt8] {
        var query: [UInt8] = []
        _ = appendQuery(to: &query)
        return query
    }

    private func appendRealPath(to out: inout [UInt8]) -> Bool {
        guard let path = realpath(String(decoding: value(of: location.settings.files.root.path), as: UTF8.self), nil)
        else {
            return false
        }
        defer { free(path) }
        out.append(contentsOf: String(cString: path).utf8)
        return true
    }

    var hasQuery: Bool {
        if let redirect, redirect.path != nil { return redirect.query?.isEmpty == false }
        return parser.head.query.map { !$0.isEmpty } ?? false
    }

    private func appendQuery(to out: inout [UInt8]) -> Bool {
        guard let redirect, redirect.path != nil else { return append(parser.head.query, to: &out) }
        guard let query = redirect.query else { return false }
        out.append(contentsOf: query)
        return true
    }

    /// The header's, or what a chunked body has come to when all of it is here.
    private func appendContentLength(to out: inout [UInt8]) -> Bool {
        switch parser.head.body {
        case .length(let length):
            out.append(decimal: length)
            return true
        case .chunked where isBodyComplete:
            out.append(decimal: bodyCount)
            return true
        default:
            // A length of 0 is said, no length is not.
            return append(parser.head.fields.first(.contentLength)?.value, to: &out)
        }
    }

    /// In lower case and without the port; without a Host header the server's name.
    private func appendHost(to out: inout [UInt8]) {
        guard let authority = parser.head.authority, !authority.isEmpty else {
            out.append(contentsOf: server.name)
            return
        }
        for index in hostRange(authority) {
            let byte = headBytes[index]
            out.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
        }
    }

    /// `$request`: the request line as it came, also of a request that was refused.
    var requestLine: [UInt8] {
        let start = headBytes.firstIndex { $0 != 0x0D && $0 != 0x0A } ?? headBytes.endIndex
        return Array(headBytes[start...].prefix { $0 != 0x0D && $0 != 0x0A })
    }

    /// nginx writes times in seconds with three decimals.
    func appendSeconds(_ duration: Duration, to out: inout [UInt8]) {
        let milliseconds = max(0, duration.wholeMilliseconds)
        out.append(decimal: milliseconds / 1000)
        out.append(".")
        out.append(decimal: milliseconds % 1000, width: 3)
    }

    private func appendHeader(_ name: String, to out: inout [UInt8]) -> Bool {
        let bytes = headBytes
        let fields = parser.head.fields
        guard let field = fields.first(named: name, in: bytes.span) else { return false }
        append(field, of: fields, bytes, to: &out)
        return true
    }

    private func appendResponseHeader(_ name: String, to out: inout [UInt8]) -> Bool {
        let wanted = Array(name.utf8)
        let found = responseHeaders.first { header in
            header.name.count == wanted.count
                && zip(header.name, wanted).allSatisfy { ($0 &- 0x41 < 26 ? $0 | 0x20 : $0) == $1 }
        }
        guard let found else { return false }
        out.append(contentsOf: found.value)
        return true
    }

    /// Of the lines `Set-Cookie: NAME=VALUE; …` the first with that name.
    private func appendUpstreamCookie(_ name: String, to out: inout [UInt8]) -> Bool {
        let wanted = Array(name.utf8)
        for header in responseHeaders where Self.isEqual(header.name, header.name.indices, "set-cookie") {
            guard let pair = header.value.split(separator: 0x3B, maxSplits: 1).first else { continue }
            let parts = pair.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].map({ $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }) == wanted else { continue }
            out.append(contentsOf: parts[1])
            return true
        }
        return false
    }

    private func appendArgument(_ name: String, to out: inout [UInt8]) -> Bool {
        var query: [UInt8] = []
        guard appendQuery(to: &query) else { return false }
        let wanted = Array(name.lowercased().utf8)
        for pair in query.split(separator: 0x26) {
            let parts = pair.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].map({ $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }) == wanted else { continue }
            out.append(contentsOf: parts[1])
            return true
        }
        return false
    }

    private func appendCookie(_ name: String, to out: inout [UInt8]) -> Bool {
        let wanted = Array(name.utf8)
        let fields = parser.head.fields
        for index in fields.indices where fields[index].known == .cookie {
            for pair in headBytes[fields[index].value.range].split(separator: 0x3B) {
                let trimmed = pair.drop { $0 == 0x20 }
                let parts = trimmed.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, parts[0].map({ $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }) == wanted else { continue }
                out.append(contentsOf: parts[1])
                return true
            }
        }
        return false
    }

    /// nginx lists the values of all nodes asked, separated by `, `.
    private func appendAttempts(to out: inout [UInt8], _ value: (UpstreamAttempt, inout [UInt8]) -> Void) -> Bool {
        guard !attempts.isEmpty else { return false }
        for (position, attempt) in attempts.enumerated() {
            if position > 0 { out.append(", ") }
            value(attempt, &out)
        }
        return true
    }

    private func appendTimes(to out: inout [UInt8], _ end: (UpstreamAttempt) -> MonotonicTime?) -> Bool {
        appendAttempts(to: &out) { attempt, out in
            if let end = end(attempt) { appendSeconds(end - attempt.startedAt, to: &out) } else { out.append("-") }
        }
    }
}
