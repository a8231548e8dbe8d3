internal import HTTPWire

/// W3C Trace Context: `$traceparent`, the client's if it sent a proper one, else one of ours.
///
/// `fastcgi_param HTTP_TRACEPARENT $traceparent;` hands it on. The balancer is no span of its own.
extension Exchange {
    var traceParent: [UInt8] {
        let bytes = headBytes
        if let field = parser.head.fields.first(named: "traceparent", in: bytes.span), field.next == nil {
            let value = Array(bytes[field.value.range])
            if Self.isTraceParent(value) { return value }
        }
        if generatedTrace.isEmpty {
            var ids: [UInt8] = []
            loop.identities.append(to: &ids)
            loop.identities.append(to: &ids)
            // Not sampled: that is for whoever records traces to decide.
            generatedTrace = Array("00-".utf8) + ids[..<32] + [0x2D] + ids[32..<48] + Array("-00".utf8)
        }
        return generatedTrace
    }

    /// Version, trace, parent and flags in lower-case hexadecimal digits. A later version may have more behind them.
    static func isTraceParent(_ value: [UInt8]) -> Bool {
        guard value.count >= 55, value.count <= 256 else { return false }
        for (index, byte) in value.prefix(55).enumerated() {
            let isDash = [2, 35, 52].contains(index)
            guard isDash ? byte == 0x2D : byte &- 0x30 < 10 || byte &- 0x61 < 6 else { return false }
        }
        let version = value[..<2]
        if version == [0x66, 0x66] || version == [0x30, 0x30] && value.count > 55 { return false }
        if value.count > 55, value[55] != 0x2D { return false }
        return value[3..<35].contains { $0 != 0x30 } && value[36..<52].contains { $0 != 0x30 }
    }
}
