import HTTPWire

/// `HTTPWire`'s request parser and body decoder, on the bytes of one connection.
enum RequestProperties {
    private static let tight: HTTPLimits = {
        var limits = HTTPLimits()
        limits.requestLine = 40
        limits.head = 120
        limits.fields = 5
        limits.chunkLine = 12
        limits.trailers = 30
        return limits
    }()

    static func check(_ bytes: [UInt8]) {
        var cuts = Cuts(bytes)
        for limits in [HTTPLimits(), tight] {
            let whole = ReceivedRequests(bytes, ends: [bytes.count], limits: limits)
            let ends = cuts.ends(in: bytes.count)
            let pieces = ReceivedRequests(bytes, ends: ends, limits: limits)
            require(pieces == whole, "cut at \(ends): \(pieces), in one piece: \(whole)")
            for request in whole.requests { check(request, limits) }
        }
    }

    private static func check(_ request: ReceivedRequest, _ limits: HTTPLimits) {
        let line = request.method.count + request.target.count + 12
        require(line <= limits.requestLine, "the request line is longer than its limit")
        require(request.fields.count <= limits.fields, "there are more fields than their limit")
        require(request.body.count <= ReceivedRequests.maximumBody, "the body is larger than its limit")
        require(request.authority != nil || request.version == .http10, "HTTP/1.1 without a host")
        if case .length(let length) = request.framing { require(request.body.count == length, "a part of the body") }
        checkPath(request.path)
        checkFields(request.fields)

        let copy = request.serialized()
        let again = ReceivedRequests(copy, ends: [copy.count], limits: HTTPLimits())
        require(again.error == nil && again.consumed == copy.count, "what was taken is refused: \(again)")
        require(again.requests == [request], "what was taken reads differently: \(again), first: \(request)")
    }

    private static func checkPath(_ path: [UInt8]) {
        if path == [0x2A] { return }
        require(path.first == 0x2F && !path.contains(0), "the path is no path: \(path)")
        let segments = path.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            require(!segment.isEmpty || index == segments.count - 1, "the path has an empty segment")
            require(segment != [0x2E] && segment != [0x2E, 0x2E], "the path has a dot segment")
        }
    }

    private static func checkFields(_ fields: [ReceivedRequest.Field]) {
        var names: [[UInt8]: Int] = [:]
        for (index, field) in fields.enumerated() {
            require(field.name.allSatisfy(isNameByte) && !field.name.isEmpty, "a name that must be dropped")
            require(field.value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "a control byte in a value")
            let name = field.name.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
            require(name != Array("proxy".utf8), "Proxy was taken")
            require(field.isRepetition == (names[name] != nil), "a repetition is not known as one")
            if let previous = names[name] { require(fields[previous].next == index, "a repetition is not linked") }
            names[name] = index
        }
        let linked = fields.count { $0.next != nil }
        require(linked == fields.count { $0.isRepetition }, "a link that leads to no repetition")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x2D
    }
}
