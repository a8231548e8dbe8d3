internal import FastCGIWire
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// FastCGI as an upstream's protocol (`fastcgi_pass`).
final class FastCGIProtocol: UpstreamProtocol {
    /// The size of a STDIN record's content: a multiple of 8, as the specification recommends (FastCGI 1.0, 3.3).
    private static let recordSize = 65_528

    private var wire = FastCGIClientMachine()

    func begin(_ exchange: Exchange, time: WallTime, into out: ByteBuffer) {
        let settings = exchange.location.settings
        wire.limits.head = settings.upstream.bufferSize
        wire.begin(
            keepsConnection: settings.fastCGI.keepsConnection && exchange.probe == nil,
            isHead: exchange.request.head.method.isHead, into: &out.storage)
        FastCGIParams(exchange, time: time).append(with: wire.encoder, to: &out.storage)
        wire.encoder.endParams(into: &out.storage)
    }

    func body(_ bytes: Span<UInt8>, into out: ByteBuffer) {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Self.recordSize)
            wire.encoder.bodyRecord(count: end - start, into: &out.storage)
            out.append(bytes.extracting(start..<end))
            start = end
        }
    }

    func endBody(into out: ByteBuffer) { wire.encoder.endBody(into: &out.storage) }

    var isRequestWritten: Bool { wire.encoder.isIdle }

    /// The end of the connection does not end a response: an FCGI_END_REQUEST record does.
    func inputEnded() -> Bool { false }

    func next(_ bytes: Span<UInt8>, from position: inout Int) throws(UpstreamProtocolError) -> UpstreamEvent {
        do throws(FastCGIError) {
            switch try wire.next(bytes, from: &position) {
            case .head: return .head(wire.parser.head)
            case .body(let range): return .body(range)
            case .diagnostics(let range): return .diagnostics(range)
            case .end(let isReusable): return .end(isReusable: isReusable)
            case .rejected(let status): return .refused(isOverloaded: status == .overloaded)
            case .needsMore: return .needsMore
            }
        } catch {
            throw UpstreamProtocolError(description: "\(error)")
        }
    }
}
