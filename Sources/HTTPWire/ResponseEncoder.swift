internal import Bytes

/// Writes one response after the other into an output buffer, with a framing that the request allows.
///
/// ```
/// encoder.begin(200, for: parser.head, contentLength: 12, into: &out)
/// encoder.field("Content-Type", "application/json", into: &out)
/// encoder.endHead(into: &out)
/// encoder.body(bytes, into: &out)
/// if encoder.end(into: &out) { /* flush, go on with the next request */ } else { /* flush, close */ }
/// ```
/// A caller that writes the body bytes itself calls `beginData` before them and `endData` after them, instead of
/// `body`.
package struct ResponseEncoder: Sendable {
    private enum State {
        case idle
        case head
        case body
    }

    private var state = State.idle
    private var framing = BodyFraming.none
    private var remaining = 0
    private var keepsAlive = false
    private var sendsBody = false

    package init() {}

    /// Writes the interim response to `Expect: 100-continue`.
    package static func writeContinue(into out: inout [UInt8]) {
        out.append(literal: "HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Writes the status line and the headers that frame the response: Content-Length or Transfer-Encoding, and
    /// Connection. Do not write these with `field`.
    ///
    /// - Parameters:
    ///   - contentLength: nil if unknown. Then the body is chunked; in HTTP/1.0 it ends when the connection closes. For
    ///     a HEAD request or status 304, pass the length that the body would have
    ///   - keepAlive: if false, the connection is closed after this response, whatever the client asked for
    package mutating func begin(
        _ status: Int, reason: String? = nil, version: HTTPVersion, isHead: Bool = false, keepAlive: Bool,
        contentLength: Int?, into out: inout [UInt8]
    ) {
        keepsAlive = keepAlive
        sendsBody = !isHead && !HTTPStatus.hasNoBody(status)
        if status == 200, reason == nil {
            out.append(literal: "HTTP/1.1 200 OK\r\n")
        } else {
            out.append(literal: "HTTP/1.1 ")
            out.append(decimal: status)
            out.append(ASCII.space)
            out.append(contentsOf: reason ?? HTTPStatus.reason(status))
            out.append(literal: "\r\n")
        }
        state = .head
        if status >= 200, status != 204, let contentLength {
            out.append(literal: "Content-Length: ")
            out.append(decimal: contentLength)
            out.append(literal: "\r\n")
        }
        if !sendsBody {
            framing = .none
        } else if let contentLength {
            framing = .length(contentLength)
            remaining = contentLength
        } else if version == .http11 {
            framing = .chunked
            out.append(literal: "Transfer-Encoding: chunked\r\n")
        } else {
            framing = .untilClose
            keepsAlive = false
        }
        if !keepsAlive {
            out.append(literal: "Connection: close\r\n")
        } else if version == .http10 {
            out.append(literal: "Connection: keep-alive\r\n")
        }
    }

    package mutating func begin(
        _ status: Int, reason: String? = nil, for request: borrowing RequestHead, keepAlive: Bool = true,
        contentLength: Int?, into out: inout [UInt8]
    ) {
        begin(
            status, reason: reason, version: request.version, isHead: request.method.isHead,
            keepAlive: keepAlive && request.keepsAlive, contentLength: contentLength, into: &out)
    }

    /// Writes a header. CR, LF and NUL in the value become spaces (RFC 9110, 5.5), so that no value can end its line.
    package func field(_ name: String, _ value: String, into out: inout [UInt8]) {
        out.append(contentsOf: name)
        out.append(literal: ": ")
        let start = out.count
        out.append(contentsOf: value)
        finishField(from: start, &out)
    }

    package func field(_ name: Span<UInt8>, _ value: Span<UInt8>, into out: inout [UInt8]) {
        guard Self.fitsLine(value) else {
            out.append(copying: name)
            out.append(literal: ": ")
            let start = out.count
            out.append(copying: value)
            return finishField(from: start, &out)
        }
        out.append(addingCapacity: name.count + value.count + 4) { out in
            out.append(copying: name)
            out.append(ASCII.colon)
            out.append(ASCII.space)
            out.append(copying: value)
            out.append(ASCII.carriageReturn)
            out.append(ASCII.lineFeed)
        }
    }

    /// Whether the value has no CR, LF or NUL, which is nearly always the case. The loop has no branches, so that it
    /// compiles to a few vector instructions.
    private static func fitsLine(_ value: Span<UInt8>) -> Bool {
        var found: UInt8 = 0
        for index in value.indices {
            let byte = value[index]
            found |=
                (byte == ASCII.carriageReturn ? 1 : 0) | (byte == ASCII.lineFeed ? 1 : 0) | (byte == 0 ? 1 : 0)
        }
        return found == 0
    }

    private func finishField(from start: Int, _ out: inout [UInt8]) {
        for index in start..<out.count
        where out[index] == ASCII.carriageReturn || out[index] == ASCII.lineFeed || out[index] == 0 {
            out[index] = ASCII.space
        }
        out.append(literal: "\r\n")
    }

    package mutating func endHead(into out: inout [UInt8]) {
        out.append(literal: "\r\n")
        state = .body
    }

    /// Writes body bytes. Bytes beyond the Content-Length are dropped. If the response has no body, all bytes are
    /// dropped.
    package mutating func body(_ bytes: Span<UInt8>, into out: inout [UInt8]) {
        let taken = beginData(bytes.count, into: &out)
        guard taken > 0 else { return }
        out.append(copying: bytes.extracting(0..<taken))
        endData(into: &out)
    }

    /// Announces `count` body bytes.
    ///
    /// - Returns: how many of these bytes the caller must write before it calls `endData`; if 0, do not call `endData`
    package mutating func beginData(_ count: Int, into out: inout [UInt8]) -> Int {
        guard case .body = state, count > 0 else { return 0 }
        switch framing {
        case .none:
            return 0
        case .length:
            let taken = min(count, remaining)
            remaining -= taken
            return taken
        case .chunked:
            out.append(chunkSize: count)
            out.append(literal: "\r\n")
            return count
        case .untilClose:
            return count
        }
    }

    package func endData(into out: inout [UInt8]) {
        if framing == .chunked { out.append(literal: "\r\n") }
    }

    package var isChunked: Bool { framing == .chunked }

    /// The number of body bytes that are missing up to the Content-Length.
    package var missing: Int {
        if case .length = framing { return remaining }
        return 0
    }

    /// Ends the response.
    ///
    /// - Returns: whether the connection can be used for the next request. If false, close it. The result is false also
    ///   if fewer bytes were written than the Content-Length: the close tells the client that the response is
    ///   incomplete.
    package mutating func end(into out: inout [UInt8]) -> Bool {
        defer { state = .idle }
        guard case .body = state, missing == 0 else { return false }
        if framing == .chunked { out.append(literal: "0\r\n\r\n") }
        return keepsAlive
    }

    /// Aborts the response, because its source failed. Close the connection: the last chunk of a chunked body is then
    /// missing, which tells the client that the response is incomplete.
    package mutating func abort() {
        state = .idle
    }
}

extension [UInt8] {
    /// Appends the size of a chunk (RFC 9112, 7.1).
    fileprivate mutating func append(chunkSize size: Int) {
        var shift = Swift.max(0, (Int.bitWidth - size.leadingZeroBitCount + 3) / 4 * 4 - 4)
        while shift >= 0 {
            append(Hex.digit(UInt8(size >> shift & 15)))
            shift -= 4
        }
    }
}
