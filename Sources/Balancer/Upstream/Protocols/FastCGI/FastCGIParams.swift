internal import Bytes
internal import FastCGIWire
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// Encodes a request as FastCGI params: first those of the configuration, then the client's headers.
struct FastCGIParams {
    private let exchange: Exchange
    private let variables: Variables

    /// - Parameter time: The value of `$msec`.
    init(_ exchange: Exchange, time: WallTime) {
        self.exchange = exchange
        variables = Variables(exchange, time: time)
    }

    func append(with encoder: RequestEncoder, to out: inout [UInt8]) {
        let location: RunningLocation = exchange.location
        let program = location.params
        let bytes = program.bytes
        let head = exchange.request.bytes
        for index in program.steps.indices {
            switch program.steps[index] {
            case .constant(let params):
                encoder.params(bytes.span.extracting(params), into: &out)
            case .variable(let name, let lengthAt, let variable):
                let plainName = name.lowerBound + lengthAt + 4..<name.upperBound
                if let range = range(of: variable) {
                    let value = head.span.extracting(range.range)
                    encoder.param(bytes.span.extracting(plainName), value, into: &out)
                } else if let value = self.bytes(of: variable, at: location) {
                    encoder.param(bytes.span.extracting(plainName), value.span, into: &out)
                } else {
                    encoder.param(bytes.span.extracting(name), lengthAt: lengthAt, into: &out) {
                        variables.append(variable, to: &$0)
                    }
                }
            case .template(let name, let lengthAt, let index):
                encoder.param(bytes.span.extracting(name), lengthAt: lengthAt, into: &out) {
                    variables.append(program.templates[index], to: &$0)
                }
            case .ifNotEmpty(let name, let index):
                let value = variables.value(of: program.templates[index])
                if !value.isEmpty { encoder.param(bytes.span.extracting(name), value.span, into: &out) }
            }
        }
        if location.settings.upstream.passesRequestHeaders {
            appendHeaders(with: encoder, hiding: location.hiddenHeaders, to: &out)
        }
    }

    /// The position of a variable's value in the request's head; nil if the head does not contain it literally. Copying
    /// the value from the head takes a third of the time of ``Variables/append(_:to:)``.
    private func range(of variable: NamedVariable) -> ByteRange? {
        switch variable {
        case .contentType: exchange.request.head.fields.first(.contentType)?.value
        // After an internal redirect, the following variables have other values than the head.
        case _ where exchange.route.redirect != nil: nil
        case .requestMethod: exchange.request.head.methodName
        case .requestURI where !exchange.request.head.isPathImplied: exchange.request.head.requestURI
        case .queryString: exchange.request.head.query
        default: nil
        }
    }

    /// A variable's value, if an array with this value exists already; else nil.
    private func bytes(of variable: NamedVariable, at location: RunningLocation) -> [UInt8]? {
        switch variable {
        case .serverName: exchange.server.name
        case .serverAddress: exchange.info.localAddress.map(exchange.loop.host(of:))
        case .serverProtocol: exchange.request.head.version == .http10 ? Self.http10 : Self.http11
        case .fastCGIScriptName
        where exchange.route.redirect == nil && location.settings.fastCGI.splitPathInfo == nil
            && location.settings.fastCGI.index == nil:
            exchange.request.head.path
        default: nil
        }
    }

    private static let http10 = Array("HTTP/1.0".utf8)
    private static let http11 = Array("HTTP/1.1".utf8)

    /// Appends the client's headers as `HTTP_*`. It joins repeated headers. It omits the headers that only concern the
    /// connection, those that a `fastcgi_param` sets, `Proxy` (httpoxy, CVE-2016-5385), and `Content-Length` and
    /// `Content-Type`, which have params of their own.
    private func appendHeaders(with encoder: RequestEncoder, hiding hidden: [String], to out: inout [UInt8]) {
        let bytes = exchange.request.bytes
        let fields = exchange.request.head.fields
        for index in fields.indices {
            let field = fields[index]
            if field.isHopByHop || field.isRepetition { continue }
            switch field.known {
            case .proxy, .contentLength, .contentType, .expect: continue
            default: break
            }
            if !hidden.isEmpty, hidden.contains(where: { bytes.span.matches(field.name, asVariable: $0) }) { continue }
            guard field.next != nil else {
                encoder.httpParam(
                    bytes.span.extracting(field.name.range), bytes.span.extracting(field.value.range), into: &out)
                continue
            }
            encoder.httpParam(bytes.span.extracting(field.name.range), into: &out) { out in
                fields.appendJoined(field, in: bytes, to: &out)
            }
        }
    }
}
