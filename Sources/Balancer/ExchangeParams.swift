internal import FastCGIWire
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// A request as FastCGI params: those of the configuration, then the client's headers.
extension Exchange {
    func appendParams(with encoder: inout RequestEncoder, to out: inout [UInt8]) {
        paramsTime = paramsTime ?? worker.loop.wallTime
        isMakingParams = true
        defer { isMakingParams = false }
        let program = location.params
        let bytes = program.bytes
        for step in program.steps {
            switch step {
            case .constant(let params):
                encoder.params(bytes.span.extracting(params), into: &out)
            case .variable(let name, let lengthAt, let variable):
                encoder.param(bytes.span.extracting(name), lengthAt: lengthAt, into: &out) { append(variable, to: &$0) }
            case .template(let name, let lengthAt, let index):
                encoder.param(bytes.span.extracting(name), lengthAt: lengthAt, into: &out) {
                    append(program.templates[index], to: &$0)
                }
            case .ifNotEmpty(let name, let index):
                let value = value(of: program.templates[index])
                if !value.isEmpty { encoder.param(bytes.span.extracting(name), value.span, into: &out) }
            }
        }
        if location.settings.passesRequestHeaders { appendHeaders(with: &encoder, to: &out) }
    }

    /// `HTTP_*`: not what concerns the connection only, not what a `fastcgi_param` sets, not `Proxy` (httpoxy), and
    /// not the two that have names of their own; repeated ones joined.
    private func appendHeaders(with encoder: inout RequestEncoder, to out: inout [UInt8]) {
        let bytes = headBytes
        let fields = parser.head.fields
        for index in fields.indices {
            let field = fields[index]
            if field.isHopByHop || field.isRepetition { continue }
            switch field.known {
            case .proxy, .contentLength, .contentType, .expect: continue
            default: break
            }
            if isHidden(field.name, bytes) { continue }
            encoder.httpParam(bytes.span.extracting(field.name.range), into: &out) { out in
                append(field, of: fields, bytes, to: &out)
            }
        }
    }

    private func isHidden(_ name: ByteRange, _ bytes: [UInt8]) -> Bool {
        for hidden in location.hiddenHeaders where bytes.span.matches(name, asVariable: hidden) { return true }
        return false
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
