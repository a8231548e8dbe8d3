import Bytes
import HTTPWire

/// Properties of `HTTPWire`'s request parser and body decoder. The input is the bytes of one connection.
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
            require(pieces == whole, "split at \(ends): \(pieces), in one piece: \(whole)")
            for request in whole.requests { check(request, limits) }
        }
    }

    private static func check(_ request: ReceivedRequest, _ limits: HTTPLimits) {
        let line = request.method.count + request.target.count + 12
        require(line <= limits.requestLine, "the request line is longer than its limit")
        require(request.fields.count <= limits.fields, "there are more fields than their limit")
        require(request.body.count <= ReceivedRequests.maxBody, "the body is larger than its limit")
        require(request.authority != nil || request.version == .http10, "an HTTP/1.1 request has no host")
        if case .length(let length) = request.framing {
            require(request.body.count == length, "the body is incomplete")
        }
        checkPath(request.path)
        checkFields(request.fields)

        let copy = request.serialized()
        let again = ReceivedRequests(copy, ends: [copy.count], limits: HTTPLimits())
        require(again.error == nil && again.consumed == copy.count, "an accepted request is refused: \(again)")
        require(again.requests == [request], "an accepted request is parsed differently: \(again), first: \(request)")
    }

    private static func checkPath(_ path: [UInt8]) {
        if path == [ASCII.asterisk] { return }
        require(path.first == ASCII.slash && !path.contains(0), "the path is invalid: \(path)")
        let segments = path.dropFirst().split(separator: ASCII.slash, omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            require(!segment.isEmpty || index == segments.count - 1, "the path has an empty segment")
            require(segment != [ASCII.dot] && segment != [ASCII.dot, ASCII.dot], "the path has a dot segment")
        }
    }

    private static func checkFields(_ fields: [ReceivedRequest.Field]) {
        var names: [[UInt8]: Int] = [:]
        for (index, field) in fields.enumerated() {
            require(field.name.allSatisfy(isNameByte) && !field.name.isEmpty, "a header that must be dropped")
            require(field.value.allSatisfy { !$0.isControl || $0 == ASCII.tab }, "a control byte in a value")
            let name = field.name.lowercasedASCII
            require(name != Array("proxy".utf8), "Proxy was accepted")
            require(field.isRepetition == (names[name] != nil), "a repetition is not marked, or another line is")
            if let previous = names[name] { require(fields[previous].next == index, "a repetition is not linked") }
            names[name] = index
        }
        let linked = fields.count { $0.next != nil }
        require(linked == fields.count { $0.isRepetition }, "a link does not lead to a repetition")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isDigit || byte.isLetter || byte == ASCII.hyphen
    }
}
