internal import HTTPWire

/// A response in CGI's format (RFC 3875, section 6): header lines, an empty line, the body.
enum ResponseText {
    /// - Parameter length: the length of the body; `nil` if it is not known yet.
    static func head(_ response: APIResponse, requestID: String, length: Int?) -> [UInt8] {
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
        // Tasks and their results are often confidential, so no cache may store a response.
        add("\r\nCache-Control: no-store\r\n\r\n", "", to: &text)
        return text
    }

    static func whole(_ response: APIResponse, requestID: String, isHead: Bool) -> [UInt8] {
        var text = head(response, requestID: requestID, length: response.body.count)
        if !isHead { text.append(contentsOf: response.body) }
        return text
    }

    private static func add(_ label: StaticString, _ value: String, to text: inout [UInt8]) {
        label.withUTF8Buffer { text.append(contentsOf: $0) }
        text.append(contentsOf: value.utf8)
    }
}
