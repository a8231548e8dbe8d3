/// Filters the bytes that a web server sends to a node: drops the records that libfcgi must not parse.
///
/// libfcgi writes its answers to management records (request id 0) into a buffer of 64 bytes, and does not check the
/// length: a few FCGI_GET_VALUES records overwrite its stack. If a management record has any other type, libfcgi
/// delivers the record's content as content of the request. For a name of 2 GiB, libfcgi allocates 2 GiB; if that
/// fails, it aborts the process. So this filter drops management records without an answer, and refuses params that are
/// too large. No common web server sends management records.
///
/// Between requests, the connection gives the filter at most ``wanted`` bytes at a time (``receive(_:)``), until a
/// request begins. Then every byte that libfcgi reads goes through ``filter(_:)``.
package struct RequestFilter: Sendable {
    /// Why the connection cannot be used any more.
    package enum Failure: Error, Sendable, Hashable, CaseIterable {
        case unknownVersion
        /// A record of a request that has not begun.
        case unexpectedRecord
        case paramsTooLarge
        case tooManyIgnoredBytes
    }

    /// The maximum number of bytes that are dropped for one request.
    package static let ignoredLimit = 1 << 20

    private enum State {
        /// ``held`` has the first bytes of a header.
        case header
        case content(ofParams: Bool, remaining: Int, padding: Int)
        /// The rest of a dropped record.
        case ignored(Int)
    }

    private var state = State.header
    private var held: [UInt8] = []
    /// The id of the request in progress.
    private var request: UInt16?
    private var params = ParamsLimit()
    private var ignored = 0
    private var isEnded = false
    /// Whether a record follows the request. libfcgi would lose it, so the connection must be closed.
    package private(set) var hasBytesAfterEnd = false

    package init() {}

    // MARK: Between requests

    /// How many bytes ``receive(_:)`` takes next.
    package var wanted: Int {
        switch state {
        case .header: RecordHeader.size - held.count
        case .content(_, let remaining, let padding): remaining + padding
        case .ignored(let count): count
        }
    }

    /// Whether a part of a record has been received.
    package var isWithinRecord: Bool {
        if case .header = state { return !held.isEmpty }
        return true
    }

    /// - Parameter bytes: at most ``wanted`` bytes
    /// - Returns: whether a request has begun
    package mutating func receive(_ bytes: Span<UInt8>) throws(Failure) -> Bool {
        precondition(bytes.count <= wanted)
        guard case .header = state else {
            let rest = wanted - bytes.count
            state = rest == 0 ? .header : .ignored(rest)
            return false
        }
        for index in bytes.indices { held.append(bytes[index]) }
        guard held.count == RecordHeader.size else { return false }
        let header = try Self.header(held.span, at: 0)
        if try isNeeded(header) { return true }
        held.removeAll(keepingCapacity: true)
        state = .ignored(header.bodyLength)
        if header.bodyLength == 0 { state = .header }
        return false
    }

    // MARK: Within a request

    /// Prepares for the bytes of the next request.
    package mutating func beginRequest() {
        isEnded = false
        hasBytesAfterEnd = false
    }

    /// Moves all bytes of ``held`` to the start of `room`. They come before the bytes that are read next.
    /// - Parameter room: at least 8 bytes
    /// - Returns: the number of bytes
    package mutating func takeHeld(into room: inout MutableSpan<UInt8>) -> Int {
        for index in held.indices { room[index] = held[index] }
        defer { held.removeAll(keepingCapacity: true) }
        return held.count
    }

    /// Moves the bytes for libfcgi to the start of `bytes`. If `bytes` ends with an incomplete header, moves this
    /// header to ``held``.
    /// - Returns: the number of bytes for libfcgi
    package mutating func filter(_ bytes: inout MutableSpan<UInt8>) throws(Failure) -> Int {
        var position = 0
        var kept = 0
        while position < bytes.count {
            let available = bytes.count - position
            switch state {
            case .header:
                guard available >= RecordHeader.size else {
                    for index in position..<bytes.count { held.append(bytes[index]) }
                    return kept
                }
                if isEnded, !isDropped(bytes.span, at: position) {
                    hasBytesAfterEnd = true
                    return kept
                }
                let header = try Self.header(bytes.span, at: position)
                if try isNeeded(header) {
                    Self.move(RecordHeader.size, from: &position, to: &kept, &bytes)
                    begin(header)
                } else {
                    position += RecordHeader.size
                    state = .ignored(header.bodyLength)
                }
            case .content(let ofParams, let remaining, let padding):
                let count = min(available, remaining)
                if ofParams { try params.take(bytes.span.extracting(position..<position + count)) }
                let filling = min(available - count, padding)
                Self.move(count + filling, from: &position, to: &kept, &bytes)
                state = .content(ofParams: ofParams, remaining: remaining - count, padding: padding - filling)
            case .ignored(let count):
                let dropped = min(available, count)
                position += dropped
                state = .ignored(count - dropped)
            }
            if case .header = state { continue }
            if wanted == 0 { state = .header }
        }
        return kept
    }

    private static func move(
        _ count: Int, from position: inout Int, to kept: inout Int, _ bytes: inout MutableSpan<UInt8>
    ) {
        if position != kept {
            for offset in 0..<count { bytes[kept + offset] = bytes[position + offset] }
        }
        position += count
        kept += count
    }

    // MARK: Records

    private static func header(_ bytes: Span<UInt8>, at start: Int) throws(Failure) -> RecordHeader {
        do {
            return try RecordHeader(bytes, at: start)
        } catch {
            throw .unknownVersion
        }
    }

    /// Whether libfcgi gets the record. If not, adds the size of the record to ``ignored``.
    private mutating func isNeeded(_ header: RecordHeader) throws(Failure) -> Bool {
        if header.requestID != 0 {
            if request != nil || header.type == RecordType.beginRequest.rawValue { return true }
            // A web server may abort a request while the last bytes of the response are on the way (FastCGI 1.0,
            // section 5.4). For this filter, the request has already ended, so the abort record is dropped.
            guard header.type == RecordType.abortRequest.rawValue else { throw .unexpectedRecord }
        }
        ignored += RecordHeader.size + header.bodyLength
        guard ignored <= Self.ignoredLimit else { throw .tooManyIgnoredBytes }
        return false
    }

    /// Whether a record that the filter drops begins at `start`. False if the bytes are not a valid header.
    private func isDropped(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        guard let header = try? Self.header(bytes, at: start) else { return false }
        var copy = self
        return (try? copy.isNeeded(header)) == false
    }

    private mutating func begin(_ header: RecordHeader) {
        var isOfParams = false
        if request == nil {
            request = header.requestID
            params = ParamsLimit()
        } else if request == header.requestID {
            isOfParams = header.type == RecordType.params.rawValue
            if header.type == RecordType.stdin.rawValue, header.contentLength == 0 {
                request = nil
                ignored = 0
                isEnded = true
            }
        }
        state = .content(
            ofParams: isOfParams, remaining: Int(header.contentLength), padding: Int(header.paddingLength))
    }
}

extension RecordHeader {
    /// The number of bytes behind the header.
    fileprivate var bodyLength: Int { Int(contentLength) + Int(paddingLength) }
}
