internal import HTTPWire

/// A response as CGI writes it (RFC 3875, section 6): header lines, an empty line, the body.
enum ResponseText {
    /// - Parameters:
    ///   - length: of the body; `nil`: not known before its end.
    static func head(_ response: Response, requestID: String, length: Int?) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(320 + (length ?? 0))
        add("Status: ", String(response.status), to: &text)
        text.append(UInt8(ascii: " "))
        text.append(contentsOf: HTTPStatus.reason(response.status).utf8)
        add("\r\nContent-Type: ", response.contentType, to: &text)
        if let length { add("\r\nContent-Length: ", String(length), to: &text) }
        add("\r\nX-Request-Id: ", requestID, to: &text)
        for header in response.headers {
            add("\r\n", header.name.description, to: &text)
            add(": ", header.value, to: &text)
        }
        // Results are about secrets more often than not.
        add("\r\nCache-Control: no-store\r\n\r\n", "", to: &text)
        return text
    }

    static func whole(_ response: Response, requestID: String, isHead: Bool) -> [UInt8] {
        var text = head(response, requestID: requestID, length: response.body.count)
        if !isHead { text.append(contentsOf: response.body) }
        return text
    }

    private static func add(_ label: StaticString, _ value: String, to text: inout [UInt8]) {
        label.withUTF8Buffer { text.append(contentsOf: $0) }
        text.append(contentsOf: value.utf8)
    }
}
