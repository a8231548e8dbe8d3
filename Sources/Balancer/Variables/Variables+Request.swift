internal import Bytes
internal import HTTPWire
internal import NginxConfig
internal import Patterns

/// Variables whose values are parts of the request or of the response's headers.
extension Variables {
    func append(_ range: ByteRange?, to out: inout [UInt8]) -> Bool {
        guard let range else { return false }
        let bytes = exchange.request.bytes
        out.append(copying: bytes.span.extracting(range.range))
        return true
    }

    func appendQuery(to out: inout [UInt8]) -> Bool {
        guard let redirect = exchange.route.redirect, redirect.path != nil else {
            return append(exchange.request.head.query, to: &out)
        }
        guard let query = redirect.query else { return false }
        out.append(contentsOf: query)
        return true
    }

    /// Appends the length in the header, or the size of a chunked body that has arrived completely.
    func appendContentLength(to out: inout [UInt8]) -> Bool {
        switch exchange.request.head.body {
        case .length(let length):
            out.append(decimal: length)
            return true
        case .chunked where exchange.body.isComplete:
            out.append(decimal: exchange.body.count)
            return true
        default:
            // The body is empty: append the header's value (0) if there is one.
            return append(exchange.request.head.fields.first(.contentLength)?.value, to: &out)
        }
    }

    /// Appends the requested host in lower case and without the port, or the server's name if there is no Host header.
    func appendHost(to out: inout [UInt8]) {
        guard let authority = exchange.request.head.authority, !authority.isEmpty else {
            out.append(contentsOf: exchange.server.name)
            return
        }
        let bytes = exchange.request.bytes
        for index in exchange.request.host(authority) { out.append(bytes[index].lowercased) }
    }

    func appendRequestHeader(_ name: String, to out: inout [UInt8]) -> Bool {
        let bytes = exchange.request.bytes
        let fields = exchange.request.head.fields
        guard let field = fields.first(named: name, in: bytes.span) else { return false }
        fields.appendJoined(field, in: bytes, to: &out)
        return true
    }

    func appendArgument(_ name: String, to out: inout [UInt8]) -> Bool {
        var query: [UInt8] = []
        guard appendQuery(to: &query) else { return false }
        return append(name, ofPairs: query[...], separator: ASCII.ampersand, to: &out)
    }

    func appendCookie(_ name: String, to out: inout [UInt8]) -> Bool {
        let fields = exchange.request.head.fields
        for index in fields.indices where fields[index].known == .cookie {
            let pairs = exchange.request.bytes[fields[index].value.range]
            if append(name, ofPairs: pairs, separator: ASCII.semicolon, to: &out) { return true }
        }
        return false
    }

    /// Appends the value of the first pair `NAME=VALUE` with this name. The case of letters in the name does not
    /// matter.
    private func append(
        _ name: String, ofPairs pairs: ArraySlice<UInt8>, separator: UInt8, to out: inout [UInt8]
    ) -> Bool {
        for pair in pairs.split(separator: separator) {
            let parts = pair.drop { separator == ASCII.semicolon && $0 == ASCII.space }
                .split(separator: ASCII.equals, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].isEqual(ignoringCase: name.utf8) else { continue }
            out.append(contentsOf: parts[1])
            return true
        }
        return false
    }

    func appendResponseHeader(_ name: String, to out: inout [UInt8]) -> Bool {
        guard let header = exchange.keptHeaders.all.first(where: { $0.name.isEqual(ignoringCase: name.utf8) }) else {
            return false
        }
        out.append(contentsOf: header.value)
        return true
    }

    /// Appends the value of the first line `Set-Cookie: NAME=VALUE; …` with that name.
    func appendUpstreamCookie(_ name: String, to out: inout [UInt8]) -> Bool {
        for header in exchange.keptHeaders.all where header.name.isEqual(ignoringCase: "set-cookie".utf8) {
            guard let pair = header.value.split(separator: ASCII.semicolon, maxSplits: 1).first else { continue }
            if append(name, ofPairs: pair, separator: ASCII.semicolon, to: &out) { return true }
        }
        return false
    }

    /// nginx's `$remote_user`: the user name of Basic authentication (RFC 7617). The balancer does not check the
    /// password.
    func appendRemoteUser(to out: inout [UInt8]) -> Bool {
        guard let field = exchange.request.head.fields.first(.authorization) else { return false }
        let value = exchange.request.bytes[field.value.range]
        guard value.prefix(6).isEqual(ignoringCase: "basic ".utf8),
            let credentials = Base64.decode(value.dropFirst(6).drop { $0 == ASCII.space }),
            let colon = credentials.firstIndex(of: ASCII.colon)
        else { return false }
        out.append(contentsOf: credentials[..<colon])
        return true
    }

    // MARK: The script

    /// Appends the script that a path names (`fastcgi_split_path_info` and `fastcgi_index`).
    func appendScriptName(to out: inout [UInt8]) {
        let start = out.count
        let path = exchange.path
        if let parts = splitPath(path) {
            out.append(contentsOf: path[parts.script])
        } else {
            out.append(contentsOf: path)
        }
        if out.count > start, out[out.count - 1] == ASCII.slash, let index = exchange.location.settings.fastCGI.index {
            append(index, to: &out)
        }
    }

    /// Appends the part of a path that is for the script itself. Appends nothing if there is no
    /// `fastcgi_split_path_info`, or if its regular expression does not match.
    func appendPathInfo(to out: inout [UInt8]) -> Bool {
        let path = exchange.path
        guard let parts = splitPath(path) else { return false }
        out.append(contentsOf: path[parts.info])
        return true
    }

    private func splitPath(_ path: [UInt8]) -> (script: Range<Int>, info: Range<Int>)? {
        guard let index = exchange.location.settings.fastCGI.splitPathInfo else { return nil }
        // The groups of this regular expression do not become variables.
        var ranges: [Range<Int>] = []
        guard exchange.loop.matcher.matches(exchange.route.configuration.patterns[index], path.span, into: &ranges),
            ranges.count > 2
        else { return nil }
        return (ranges[1], ranges[2])
    }
}
