/// Bytes that are not JSON (RFC 8259).
package struct JSONError: Error, Hashable, CustomStringConvertible {
    package let description = "malformed JSON"
    package init() {}
}

extension JSONValue {
    /// - Parameter bytes: one JSON text in UTF-8. Foundation limits the nesting to 512 levels.
    package init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        do {
            self = try JSON.decode(JSONValue.self, from: Array(bytes))
        } catch {
            throw JSONError()
        }
    }
}
