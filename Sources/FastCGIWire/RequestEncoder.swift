internal import Bytes

/// Encodes the requests of one connection, one after the other, at the end of an output buffer.
///
/// ```
/// encoder.begin(keepsConnection: true, into: &out)
/// encoder.param(name.span, value.span, into: &out)       // as often as needed
/// encoder.endParams(into: &out)
/// encoder.body(piece, into: &out)                        // as it comes in
/// encoder.endBody(into: &out)
/// ```
/// From `begin` to `endParams` nothing may be taken from the front of the buffer: the length of the open record is
/// filled in later. It allocates only when the buffer has to grow.
package struct RequestEncoder: Sendable {
    private enum State {
        case idle
        /// The PARAMS record whose header begins at this offset of the buffer is open.
        case params(record: Int)
        case body
    }

    private var state = State.idle
    /// All requests of a connection have it: there is only one at a time.
    package static let requestID: UInt16 = 1

    package init() {}

    /// The whole request is written.
    package var isIdle: Bool {
        if case .idle = state { return true }
        return false
    }

    /// BEGIN_REQUEST for a responder.
    package mutating func begin(keepsConnection: Bool, into out: inout [UInt8]) {
        guard case .idle = state else { preconditionFailure("the request before is not written yet") }
        let start = keepsConnection ? Self.keptStart : Self.start
        out.append(copying: start.span)
        state = .params(record: out.count - RecordHeader.size)
    }

    /// How a request starts, up to its params: BEGIN_REQUEST, and the header of a PARAMS record.
    private static let start = encodedStart(keepsConnection: false)
    private static let keptStart = encodedStart(keepsConnection: true)

    private static func encodedStart(keepsConnection: Bool) -> [UInt8] {
        var out: [UInt8] = []
        append(.beginRequest, count: 8, to: &out)
        // FCGI_RESPONDER, FCGI_KEEP_CONN
        out += [0, 1, keepsConnection ? 1 : 0, 0, 0, 0, 0, 0]
        append(.params, count: 0, to: &out)
        return out
    }

    package func param(_ name: Span<UInt8>, _ value: Span<UInt8>, into out: inout [UInt8]) {
        Self.append(name, value, to: &out)
    }

    /// Params as ``append(_:_:to:)`` has written them before.
    package func params(_ encoded: Span<UInt8>, into out: inout [UInt8]) {
        out.append(copying: encoded)
    }

    /// Encodes a param that is the same in many requests, for ``params(_:into:)``.
    package static func append(_ name: Span<UInt8>, _ value: Span<UInt8>, to out: inout [UInt8]) {
        out.append(addingCapacity: 8 + name.count + value.count) { out in
            out.append(length: name.count)
            out.append(length: value.count)
            out.append(copying: name)
            out.append(copying: value)
        }
    }

    /// What stands in front of a param's value, for ``param(_:lengthAt:into:value:)``.
    /// - Returns: where in it the value's length is to be put
    package static func append(name: Span<UInt8>, to out: inout [UInt8]) -> Int {
        let start = out.count
        out.append(addingCapacity: 8 + name.count) { out in
            out.append(length: name.count)
            out.append(repeating: 0, count: 4)
            out.append(copying: name)
        }
        return out.count - start - name.count - 4
    }

    /// A param whose name was encoded before, and whose value is written in place.
    package func param(
        _ name: Span<UInt8>, lengthAt offset: Int, into out: inout [UInt8], value: (inout [UInt8]) -> Void
    ) {
        let start = out.count
        out.append(copying: name)
        writeValue(lengthAt: start + offset, into: &out, value)
    }

    /// A param whose value is written in place, so that its length and its bytes come from one evaluation.
    package func param(_ name: Span<UInt8>, into out: inout [UInt8], value: (inout [UInt8]) -> Void) {
        let start = out.count
        let offset = Self.append(name: name, to: &out)
        writeValue(lengthAt: start + offset, into: &out, value)
    }

    /// The `HTTP_…` variable of a request header (RFC 3875, 4.1.18); `name` as the client wrote it.
    package func httpParam(_ name: Span<UInt8>, into out: inout [UInt8], value: (inout [UInt8]) -> Void) {
        let count = name.count + 5
        out.append(addingCapacity: 8 + count) { out in
            out.append(length: count)
            out.append(repeating: 0, count: 4)
            out.append(variableOf: name)
        }
        writeValue(lengthAt: out.count - count - 4, into: &out, value)
    }

    /// The same of a header that is there once, whose value is copied as it is.
    package func httpParam(_ name: Span<UInt8>, _ value: Span<UInt8>, into out: inout [UInt8]) {
        let count = name.count + 5
        out.append(addingCapacity: 8 + count + value.count) { out in
            out.append(length: count)
            out.append(length: value.count)
            out.append(variableOf: name)
            out.append(copying: value)
        }
    }

    /// The end of the PARAMS stream.
    package mutating func endParams(into out: inout [UInt8]) {
        guard case .params(let record) = state else { preconditionFailure("no params are open") }
        let count = closeParams(from: record, &out)
        // A request without params has the one empty record, which ends the stream.
        if count > 0 { Self.append(.params, count: 0, to: &out) }
        state = .body
    }

    /// A piece of the request body. An empty one writes nothing: it would end the stream.
    package func body(_ bytes: Span<UInt8>, into out: inout [UInt8]) {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + RecordHeader.maximumContent)
            bodyRecord(count: end - start, into: &out)
            out.append(copying: bytes.extracting(start..<end))
            start = end
        }
    }

    /// Only the header of a STDIN record: the caller writes the `count` (1 to 65,535) bytes of content himself.
    package func bodyRecord(count: Int, into out: inout [UInt8]) {
        guard case .body = state else { preconditionFailure("the params are not ended") }
        precondition((1...RecordHeader.maximumContent).contains(count))
        Self.append(.stdin, count: count, to: &out)
    }

    /// The end of the request body, and of the request.
    package mutating func endBody(into out: inout [UInt8]) {
        guard case .body = state else { preconditionFailure("the params are not ended") }
        Self.append(.stdin, count: 0, to: &out)
        state = .idle
    }

    private static func append(_ type: RecordType, count: Int, to out: inout [UInt8]) {
        RecordHeader(type, requestID: requestID, contentLength: count).append(to: &out)
    }
}

extension RequestEncoder {
    /// The length is known only after the value: it takes the four-byte form, which is allowed for any length.
    private func writeValue(lengthAt position: Int, into out: inout [UInt8], _ value: (inout [UInt8]) -> Void) {
        let start = out.count
        value(&out)
        let length = UInt32(out.count - start) | 0x8000_0000
        // Through a span: the array is made sure to be this one's own once, not at each byte.
        var bytes = out.mutableSpan
        bytes[position] = UInt8(length >> 24)
        bytes[position + 1] = UInt8(truncatingIfNeeded: length >> 16)
        bytes[position + 2] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[position + 3] = UInt8(truncatingIfNeeded: length)
    }

    /// The params are a stream: where a record is full, the next one goes on, in the middle of a name if need be.
    /// - Returns: how much content the last record has
    private func closeParams(from start: Int, _ out: inout [UInt8]) -> Int {
        var record = start
        while out.count - record - RecordHeader.size > RecordHeader.maximumContent {
            setContentLength(RecordHeader.maximumContent, ofRecordAt: record, in: &out)
            record += RecordHeader.size + RecordHeader.maximumContent
            var header: [UInt8] = []
            Self.append(.params, count: 0, to: &header)
            out.insert(contentsOf: header, at: record)
        }
        let count = out.count - record - RecordHeader.size
        setContentLength(count, ofRecordAt: record, in: &out)
        return count
    }

    private func setContentLength(_ count: Int, ofRecordAt record: Int, in out: inout [UInt8]) {
        out[record + 4] = UInt8(count >> 8)
        out[record + 5] = UInt8(count & 0xFF)
    }
}

extension OutputSpan<UInt8> {
    /// `HTTP_` and the header's name.
    fileprivate mutating func append(variableOf name: Span<UInt8>) {
        append(UInt8(ascii: "H"))
        append(UInt8(ascii: "T"))
        append(UInt8(ascii: "T"))
        append(UInt8(ascii: "P"))
        append(ASCII.underscore)
        for index in name.indices { append(name[index].variableByte) }
    }

    /// The length of a name or value (FastCGI 1.0, section 3.4): one byte up to 127, else four with the highest bit set.
    @inline(__always)
    fileprivate mutating func append(length: Int) {
        if length < 128 {
            append(UInt8(length))
        } else {
            append(UInt8(length >> 24) | 0x80)
            append(UInt8(truncatingIfNeeded: length >> 16))
            append(UInt8(truncatingIfNeeded: length >> 8))
            append(UInt8(truncatingIfNeeded: length))
        }
    }
}

extension UInt8 {
    /// A byte of a header name as it stands in a CGI variable's name (RFC 3875, 4.1.18): upper case, `_` for `-`.
    fileprivate var variableByte: UInt8 { self == ASCII.hyphen ? ASCII.underscore : uppercased }
}
