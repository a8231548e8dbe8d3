internal import Bytes
internal import FastCGIWire

/// The head of a peer's response: a status, and header fields as offsets into their bytes.
///
/// CGI's form (RFC 3875, 6.2) fits the head of every protocol.
typealias UpstreamResponseHead = CGIResponseHead

extension CGIResponseHead {
    /// Whether a field has this name.
    /// - Parameter name: In lower case.
    func isNamed(_ field: ResponseField, _ name: String) -> Bool { bytes[field.name].isEqual(ignoringCase: name.utf8) }

    /// The first value of a field of this kind and name.
    /// - Parameter name: In lower case.
    func value(of name: String, known: KnownResponseField) -> [UInt8]? {
        for field in fields where field.known == known && isNamed(field, name) { return Array(bytes[field.value]) }
        return nil
    }
}
