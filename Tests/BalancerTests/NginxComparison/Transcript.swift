/// The responses of a connection as lines that can be compared.
///
/// Parts that always differ are left out. The beginning of `Differences.md` lists them.
struct Transcript {
    private(set) var lines: [String] = []
    /// The statuses, and a line for bytes that are not a response.
    private(set) var outline: [String] = []
    private var bytes: ArraySlice<UInt8>

    /// - Parameter methods: the methods of the requests, in order.
    init(_ bytes: [UInt8], methods: [Substring]) {
        self.bytes = bytes[...]
        var methods = methods[...]
        while !self.bytes.isEmpty {
            guard let status = takeResponse(isHead: methods.first == "HEAD") else {
                lines.append("(not a response) \(Self.printable(self.bytes))")
                outline.append("(not a response)")
                return
            }
            if status != 100 { methods = methods.dropFirst() }
        }
    }

    private static let ownFields: Set<String> = [
        "allow", "cache-control", "content-length", "content-type", "ratelimit", "ratelimit-policy", "retry-after",
        "transfer-encoding",
    ]
    private static let leftOut: Set<String> = ["date", "server", "x-request-id"]
    private static let leftOutParams = [
        "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_CONNECTION", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT",
    ]

    private mutating func takeResponse(isHead: Bool) -> Int? {
        guard let head = take(until: "\r\n\r\n") else { return nil }
        let headLines = head.split(separator: "\r\n")
        guard let first = headLines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
        else { return nil }
        var fields: [(name: String, value: String)] = []
        for line in headLines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            fields.append((line[..<colon].lowercased(), String(line[colon...].dropFirst().drop { $0 == " " })))
        }
        func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }

        let hasNoBody = isHead || status < 200 || status == 204 || status == 304
        let body = hasNoBody ? [] : takeBody(length: value("content-length"), coding: value("transfer-encoding"))
        let isOwn = isOwnDocument(body, type: value("content-type"), isHead: isHead, status)
        lines.append(isOwn ? "\(status)" : String(first.dropFirst(9)))
        outline.append("\(status)")
        for field in fields.sorted(by: { ($0.name, $0.value) < ($1.name, $1.value) })
        where !Self.leftOut.contains(field.name) && !(isOwn && Self.ownFields.contains(field.name)) {
            let line = "\(field.name): \(field.value)"
            if line.lowercased() != "connection: keep-alive" { lines.append(line) }
        }
        if isOwn {
            lines.append("(own document)")
        } else if let body {
            lines += body.split(separator: 10, omittingEmptySubsequences: false).filter { !$0.isEmpty }
                .map { "| " + Self.printable($0) }.filter { line in
                    !Self.leftOutParams.contains { line.hasPrefix("| \($0)=") }
                }
        } else {
            lines.append("(the body is not whole)")
        }
        return status
    }

    private func isOwnDocument(_ body: [UInt8]?, type: String?, isHead: Bool, _ status: Int) -> Bool {
        guard let body, status >= 300 else { return false }
        // nginx sends a document with a redirect, and the balancer sends an empty body.
        if status < 400, body.isEmpty { return true }
        if isHead { return type == "text/html" || type == "application/problem+json" }
        return type == "application/problem+json"
            || type == "text/html" && String(decoding: body, as: UTF8.self).contains("<hr><center>nginx")
    }

    /// - Returns: nil if the body is incomplete. The bytes that arrived are removed from `bytes` in this case, too.
    private mutating func takeBody(length: String?, coding: String?) -> [UInt8]? {
        if coding == "chunked" {
            var body: [UInt8] = []
            while let line = take(until: "\r\n"), let size = Int(line, radix: 16) {
                guard let chunk = take(size), take(until: "\r\n") == "" else { return nil }
                if size == 0 { return body }
                body += chunk
            }
            return nil
        }
        if let length { return Int(length).flatMap { take($0) } }
        return take(bytes.count)
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        defer { bytes = bytes.dropFirst(count) }
        return bytes.count >= count ? Array(bytes.prefix(count)) : nil
    }

    private mutating func take(until mark: String) -> String? {
        let mark = Array(mark.utf8)
        var index = bytes.startIndex
        while index + mark.count <= bytes.endIndex {
            if bytes[index..<index + mark.count].elementsEqual(mark) {
                defer { bytes = bytes[(index + mark.count)...] }
                return String(decoding: bytes[..<index], as: UTF8.self)
            }
            index += 1
        }
        return nil
    }

    /// The bytes as text. Bytes that are not printable ASCII are escaped. If there are more than 400 bytes, the text is
    /// cut, and ends with their number.
    static func printable(_ bytes: some Collection<UInt8>) -> String {
        var text = ""
        for byte in bytes.prefix(400) {
            if byte >= 0x20 && byte < 0x7F {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return bytes.count > 400 ? text + "… (\(bytes.count) bytes)" : text
    }
}
