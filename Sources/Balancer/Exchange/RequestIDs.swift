internal import Bytes
internal import HTTPWire

/// The ids of one request. Each one is generated when it is first needed.
struct RequestIDs {
    /// The generated `X-Request-Id`; empty if the client sent a valid id, or if no id was needed yet.
    private var shown: [UInt8] = []
    /// `$request_id`.
    private var secret: [UInt8] = []
    /// The generated `$traceparent`; empty if the client sent a valid value, or if no value was needed yet.
    private var trace: [UInt8] = []

    /// Removes the ids, and keeps their memory.
    mutating func reset() {
        if !shown.isEmpty { shown.removeAll(keepingCapacity: true) }
        if !secret.isEmpty { secret.removeAll(keepingCapacity: true) }
        if !trace.isEmpty { trace = [] }
    }

    /// `X-Request-Id`: the client's own id if it is safe, else a generated one.
    mutating func shown(_ request: borrowing Request, _ generator: inout RequestIDGenerator) -> [UInt8] {
        if let field = request.head.fields.first(.xRequestID) {
            let id = request.bytes[field.value.range]
            if Self.isSane(id.span) { return Array(id) }
        }
        if shown.isEmpty { generator.append(to: &shown) }
        return shown
    }

    /// `$request_id`, as in nginx: a random id. A client cannot choose it and never sees it.
    mutating func secret(_ generator: inout RequestIDGenerator) -> [UInt8] {
        if secret.isEmpty { generator.append(to: &secret) }
        return secret
    }

    /// `$traceparent` of W3C Trace Context: the client's value if it is valid, else a new one.
    ///
    /// `fastcgi_param HTTP_TRACEPARENT $traceparent;` passes it to nodes. The balancer does not add a span of its own.
    mutating func trace(_ request: borrowing Request, _ generator: inout RequestIDGenerator) -> [UInt8] {
        let bytes = request.bytes
        if let field = request.head.fields.first(named: "traceparent", in: bytes.span), field.next == nil {
            let value = Array(bytes[field.value.range])
            if Self.isTraceParent(value) { return value }
        }
        if trace.isEmpty {
            var ids: [UInt8] = []
            generator.append(to: &ids)
            generator.append(to: &ids)
            trace.append(literal: "00-")
            trace += ids[..<32]
            trace.append(ASCII.hyphen)
            trace += ids[32..<48]
            // The flags say "not sampled": the system that records traces decides about sampling.
            trace.append(literal: "-00")
        }
        return trace
    }

    /// Whether an id of a client can be repeated safely in logs and headers: 1 to 128 bytes of `[A-Za-z0-9._-]`.
    static func isSane(_ id: Span<UInt8>) -> Bool {
        guard (1...128).contains(id.count) else { return false }
        for index in id.indices {
            let byte = id[index]
            guard
                byte.isDigit || byte.isLetter || byte == ASCII.hyphen || byte == ASCII.dot || byte == ASCII.underscore
            else { return false }
        }
        return true
    }

    /// Whether the value has a version, a trace id, a parent id and flags in lower-case hexadecimal digits. A later
    /// version of the format may add more at the end (W3C Trace Context, 3.2.2 and 4.3).
    static func isTraceParent(_ value: [UInt8]) -> Bool {
        guard value.count >= 55, value.count <= 256 else { return false }
        for (index, byte) in value.prefix(55).enumerated() {
            let isDash = index == 2 || index == 35 || index == 52
            guard isDash ? byte == ASCII.hyphen : byte.isDigit || byte &- ASCII.smallA < 6 else { return false }
        }
        let version = value[..<2]
        if version.elementsEqual("ff".utf8) || version.elementsEqual("00".utf8) && value.count > 55 { return false }
        if value.count > 55, value[55] != ASCII.hyphen { return false }
        return value[3..<35].contains { $0 != ASCII.zero } && value[36..<52].contains { $0 != ASCII.zero }
    }
}
