internal import HTTPWire
package import JSON

/// A complete response. A header value is converted to a string each time the caller asks for it.
package struct ClientResponse: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// Whether the server keeps the connection open for another request.
    package let keepsAlive: Bool
    private let head: [UInt8]
    private let fields: HeaderFields

    init(_ parsed: ResponseHead, head: [UInt8], body: [UInt8], keepsAlive: Bool) {
        status = parsed.status
        fields = parsed.fields
        self.head = head
        self.body = body
        self.keepsAlive = keepsAlive
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a header; `nil` if it is missing. Repeated headers are joined with `, `.
    package func header(_ name: String) -> String? {
        let name = name.lowercased()
        let values = fields.indices
            .filter { head.span.matches(fields[$0].name, ignoringCase: name) }
            .map { head.span.text(fields[$0].value) }
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// All headers in their original order.
    package var headers: [(name: String, value: String)] {
        fields.indices.map { (head.span.text(fields[$0].name), head.span.text(fields[$0].value)) }
    }

    package func json() throws(ClientError) -> JSONValue {
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw .notJSON(status: status)
        }
    }
}
