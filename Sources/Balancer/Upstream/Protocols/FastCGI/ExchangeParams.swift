internal import FastCGIWire
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// A request as FastCGI params: those of the configuration, then the client's headers.
extension Exchange {
    func appendParams(with encoder: RequestEncoder, to out: inout [UInt8]) {
        let location: RunningLocation = location
        paramsTime = paramsTime ?? loop.events.wallTime
        isMakingParams = true
        defer { isMakingParams = false }
        let program = location.params
        let bytes = program.bytes
        let head = headBytes
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
                        append(variable, to: &$0)
                    }
                }
            case .template(let name, let lengthAt, let index):
                encoder.param(bytes.span.extracting(name), lengthAt: lengthAt, into: &out) {
                    append(program.templates[index], to: &$0)
                }
            case .ifNotEmpty(let name, let index):
                let value = value(of: program.templates[index])
                if !value.isEmpty { encoder.param(bytes.span.extracting(name), value.span, into: &out) }
            }
        }
        if location.settings.fastCGI.passesRequestHeaders {
            appendHeaders(with: encoder, hiding: location.hiddenHeaders, to: &out)
        }
    }

    /// Where in the request's head a value is that is the same there. To copy it takes a third of what it takes to have it
    /// written at its place, as any other.
    private func range(of variable: NamedVariable) -> ByteRange? {
        switch variable {
        case .contentType: parser.head.fields.first(.contentType)?.value
        // An internal redirect changes what the others say.
        case _ where redirect != nil: nil
        case .requestMethod: parser.head.methodName
        case .requestURI where !parser.head.isPathImplied: parser.head.requestURI
        case .queryString: parser.head.query
        default: nil
        }
    }

    /// Of some others what there is as bytes.
    private func bytes(of variable: NamedVariable, at location: RunningLocation) -> [UInt8]? {
        switch variable {
        case .serverName: server.name
        case .serverAddress: info.localAddress.map(loop.host(of:))
        case .serverProtocol: parser.head.version == .http10 ? Self.http10 : Self.http11
        case .fastCGIScriptName
        where redirect == nil && location.settings.fastCGI.splitPathInfo == nil
            && location.settings.fastCGI.index == nil:
            parser.head.path
        default: nil
        }
    }

    private static let http10 = Array("HTTP/1.0".utf8)
    private static let http11 = Array("HTTP/1.1".utf8)

    /// `HTTP_*`: not what concerns the connection only, not what a `fastcgi_param` sets, not `Proxy` (httpoxy), and
    /// not the two that have names of their own; repeated ones joined.
    private func appendHeaders(with encoder: RequestEncoder, hiding hidden: [String], to out: inout [UInt8]) {
        let bytes = headBytes
        let fields = parser.head.fields
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
                append(field, of: fields, bytes, to: &out)
            }
        }
    }

    /// The values of all lines of one name, joined with `, ` (Cookie: `; `).
    func append(_ field: HeaderField, of fields: HeaderFields, _ bytes: [UInt8], to out: inout [UInt8]) {
        out.append(contentsOf: bytes.span.extracting(field.value.range))
        var next = field.next
        while let index = next {
            out.append(field.known == .cookie ? "; " : ", ")
            out.append(contentsOf: bytes.span.extracting(fields[index].value.range))
            next = fields[index].next
        }
    }
}
