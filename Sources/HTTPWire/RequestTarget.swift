internal import Bytes

extension RequestHead {
    /// Parses a target in any form of RFC 9112, 3.2, except the authority form, which only CONNECT has.
    mutating func parseTarget(_ bytes: Span<UInt8>, _ rules: RequestRules) throws(HTTPError) {
        requestURI = target
        if bytes[target.start] != ASCII.slash {
            if target.count == 1, bytes[target.start] == ASCII.asterisk, method == .options {
                path.append(ASCII.asterisk)
                return
            }
            try parseAbsoluteForm(bytes)
        }
        var pathEnd = requestURI.start
        while pathEnd < requestURI.end, bytes[pathEnd] != ASCII.question { pathEnd += 1 }
        if pathEnd < requestURI.end {
            query = ByteRange(pathEnd + 1, requestURI.end)
        }
        if pathEnd == requestURI.start {
            isPathImplied = true
            path.append(ASCII.slash)
        } else {
            try PathNormalizer.normalize(
                bytes, ByteRange(requestURI.start, pathEnd), mergesSlashes: rules.mergesSlashes, into: &path)
        }
    }

    /// Parses `http://host[:port][/path][?query]`. Its authority overrides the Host header (RFC 9112, 3.2.2).
    private mutating func parseAbsoluteForm(_ bytes: Span<UInt8>) throws(HTTPError) {
        var index = target.start
        let end = target.end
        while index < end, bytes[index].isLetter { index += 1 }
        let scheme = ByteRange(target.start, index)
        guard bytes.matches(scheme, ignoringCase: "http") || bytes.matches(scheme, ignoringCase: "https"),
            end - index > 3, bytes[index] == ASCII.colon, bytes[index + 1] == ASCII.slash,
            bytes[index + 2] == ASCII.slash
        else { throw .malformedTarget }
        index += 3
        let start = index
        while index < end, bytes[index] != ASCII.slash, bytes[index] != ASCII.question { index += 1 }
        let host = ByteRange(start, index)
        guard Authority.isValid(bytes, host) else { throw .malformedTarget }
        authority = host
        requestURI = ByteRange(index, end)
    }
}
