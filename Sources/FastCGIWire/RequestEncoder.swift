internal import Bytes

/// Encodes the requests of one connection, one after the other, at the end of an output buffer.
///
/// ```
/// encoder.begin(keepsConnection: true, into: &out)
/// encoder.param(name.span, value.span, into: &out)       // as often as needed
/// encoder.endParams(into: &out)
/// encoder.body(piece, into: &out)                        // when it is received
/// encoder.endBody(into: &out)
/// ```
/// Do not remove bytes from the front of the buffer between `begin` and `endParams`, because `endParams` fills in the
/// length of the open record. Memory is allocated only if the buffer has to grow.
package struct RequestEncoder: Sendable {
    private enum State {
        case idle
        /// A PARAMS record is open. Its header begins at this offset of the buffer.
        case params(record: Int)
        case body
    }

    private var state = State.idle
    /// All requests of a connection have the same id, because a connection has only one request at a time.
    package static let requestID: UInt16 = 1

    package init() {}

    /// Whether no request is being written.
    package var isIdle: Bool {
        if case .idle = state { return true }
        return false
    }

    /// Writes BEGIN_REQUEST for a responder.
    package mutating func begin(keepsConnection: Bool, into out: inout [UInt8]) {
        guard case .idle = state else { preconditionFailure("the previous request is not complete") }
        let start = keepsConnection ? Self.keptStart : Self.start
        out.append(copying: start.span)
        state = .params(record: out.count - RecordHeader.size)
    }

    /// The first bytes of a request: BEGIN_REQUEST, and the header of a PARAMS record.
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

    /// Writes params that ``append(_:_:to:)`` has encoded before.
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

    /// Appends the part of a param that stands in front of its value, for ``param(_:lengthAt:into:value:)``.
    /// - Returns: where the length of the value is, counted from the first byte that this call appends
    package static func append(name: Span<UInt8>, to out: inout [UInt8]) -> Int {
        let start = out.count
        out.append(addingCapacity: 8 + name.count) { out in
            out.append(length: name.count)
            out.append(repeating: 0, count: 4)
            out.append(copying: name)
        }
        return out.count - start - name.count - 4
    }

    /// Writes a param whose name was encoded before. The closure `value` is called once, and appends the value to the
    /// buffer. The length is filled in afterwards.
    package func param(
        _ prefix: Span<UInt8>, lengthAt offset: Int, into out: inout [UInt8], value: (inout [UInt8]) -> Void
    ) {
        let start = out.count
        out.append(copying: prefix)
        writeValue(lengthAt: start + offset, into: &out, value)
    }

    /// Writes the `HTTP_…` variable of a request header (RFC 3875, 4.1.18).
    /// - Parameter name: the name of the header as the client wrote it
    package func httpParam(_ name: Span<UInt8>, into out: inout [UInt8], value: (inout [UInt8]) -> Void) {
        let count = name.count + 5
        out.append(addingCapacity: 8 + count) { out in
            out.append(length: count)
            out.append(repeating: 0, count: 4)
            out.append(variableOf: name)
        }
        writeValue(lengthAt: out.count - count - 4, into: &out, value)
    }

    /// Like ``httpParam(_:into:value:)``, for a header whose value is copied unchanged.
    package func httpParam(_ name: Span<UInt8>, _ value: Span<UInt8>, into out: inout [UInt8]) {
        let count = name.count + 5
        out.append(addingCapacity: 8 + count + value.count) { out in
            out.append(length: count)
            out.append(length: value.count)
            out.append(variableOf: name)
            out.append(copying: value)
        }
    }

    /// Ends the PARAMS stream.
    package mutating func endParams(into out: inout [UInt8]) {
        guard case .params(let record) = state else { preconditionFailure("no PARAMS record is open") }
        let count = closeParams(from: record, &out)
        // If there are no params, the open record is empty and ends the stream.
        if count > 0 { Self.append(.params, count: 0, to: &out) }
        state = .body
    }

    /// Writes a piece of the request body. An empty piece writes nothing, because an empty record would end the stream.
    package func body(_ bytes: Span<UInt8>, into out: inout [UInt8]) {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + RecordHeader.maxContent)
            bodyRecord(count: end - start, into: &out)
            out.append(copying: bytes.extracting(start..<end))
            start = end
        }
    }

    /// Writes only the header of a STDIN record. The caller writes the content, which has `count` bytes (1 to 65,535).
    package func bodyRecord(count: Int, into out: inout [UInt8]) {
        guard case .body = state else { preconditionFailure("the PARAMS stream is still open") }
        precondition((1...RecordHeader.maxContent).contains(count))
        Self.append(.stdin, count: count, to: &out)
    }

    /// Ends the request body, and with it the request.
    package mutating func endBody(into out: inout [UInt8]) {
        guard case .body = state else { preconditionFailure("the PARAMS stream is still open") }
        Self.append(.stdin, count: 0, to: &out)
        state = .idle
    }

    private static func append(_ type: RecordType, count: Int, to out: inout [UInt8]) {
        RecordHeader(type, requestID: requestID, contentLength: count).append(to: &out)
    }
}

extension RequestEncoder {
    /// Writes the value and then its length, which is known only afterwards. The length has the four-byte form, which
    /// is allowed for any length.
    private func writeValue(lengthAt position: Int, into out: inout [UInt8], _ value: (inout [UInt8]) -> Void) {
        let start = out.count
        value(&out)
        let length = UInt32(out.count - start) | 0x8000_0000
        // Write through a span, so that Swift checks only once, not for each byte, whether the array must be copied.
        var bytes = out.mutableSpan
        bytes[position] = UInt8(length >> 24)
        bytes[position + 1] = UInt8(truncatingIfNeeded: length >> 16)
        bytes[position + 2] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[position + 3] = UInt8(truncatingIfNeeded: length)
    }

    /// Fills in the length of the open record. If the params exceed the maximum content of a record, splits them into
    /// several records. They are a stream, so a split is allowed at any byte.
    /// - Returns: the length of the content of the last record
    private func closeParams(from start: Int, _ out: inout [UInt8]) -> Int {
        var record = start
        while out.count - record - RecordHeader.size > RecordHeader.maxContent {
            setContentLength(RecordHeader.maxContent, ofRecordAt: record, in: &out)
            record += RecordHeader.size + RecordHeader.maxContent
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
    /// Appends `HTTP_` and the name of the header.
    fileprivate mutating func append(variableOf name: Span<UInt8>) {
        append(UInt8(ascii: "H"))
        append(UInt8(ascii: "T"))
        append(UInt8(ascii: "T"))
        append(UInt8(ascii: "P"))
        append(ASCII.underscore)
        for index in name.indices { append(name[index].variableByte) }
    }

    /// Appends the length of a name or value (FastCGI 1.0, section 3.4). A length up to 127 takes one byte. A greater
    /// length takes four bytes, and the highest bit of the first byte is set.
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
