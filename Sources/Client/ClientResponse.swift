internal import HTTPWire
package import JSON

/// A complete response. Header values are made into strings when they are asked for.
package struct ClientResponse: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// The server keeps the connection for another request.
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

    /// The value of a header, its repetitions joined with `, `; nil when it is not there.
    package func header(_ name: String) -> String? {
        let name = name.lowercased()
        let values = fields.indices
            .filter { head.span.matches(fields[$0].name, ignoringCase: name) }
            .map { head.span.text(fields[$0].value) }
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// All headers in the order they came in.
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
