internal import Bytes

/// The header of the PROXY protocol, versions 1 (text) and 2 (binary), as HAProxy specifies it. A load balancer in
/// front of Millrace sends it as the first bytes of a connection.
package struct ProxyProtocol: Sendable, Hashable {
    package enum Address: Sendable, Hashable {
        /// A numeric IPv4 or IPv6 address. The caller has to check that it is valid.
        case text(String)
        /// 4 or 16 bytes in network order.
        case binary([UInt8])
    }

    package struct Endpoint: Sendable, Hashable {
        package let address: Address
        package let port: UInt16
    }

    package struct Malformed: Error {
        package init() {}
    }

    /// The client; nil if the sender does not tell it (`UNKNOWN`, `LOCAL`, or another family or transport than TCP).
    package let source: Endpoint?
    /// The address that the client connected to; nil if the sender does not tell it.
    package let destination: Endpoint?

    /// The maximum length of a header in bytes, as in nginx (NGX_PROXY_PROTOCOL_MAX_HEADER).
    package static let maxLength = 4096
    /// The maximum length of a header of version 1 with its CRLF, in bytes.
    private static let maxLineLength = 107
    private static let signature = Array("\r\n\r\n\0\r\nQUIT\n".utf8)

    /// - Returns: the header and its length in bytes; nil if more bytes are needed
    package static func parse(_ bytes: Span<UInt8>) throws(Malformed) -> (header: ProxyProtocol, length: Int)? {
        guard bytes.count > 0 else { return nil }
        if bytes[0] == signature[0] { return try parseBinary(bytes) }
        return try parseLine(bytes)
    }

    // MARK: Version 1

    private static func parseLine(_ bytes: Span<UInt8>) throws(Malformed) -> (header: ProxyProtocol, length: Int)? {
        let start = Array("PROXY ".utf8)
        for index in 0..<min(start.count, bytes.count) where bytes[index] != start[index] { throw Malformed() }
        let end = bytes.firstIndex(of: ASCII.lineFeed, in: bytes.indices) ?? bytes.count
        guard end < min(bytes.count, maxLineLength) else {
            if bytes.count >= maxLineLength { throw Malformed() }
            return nil
        }
        guard end > start.count, bytes[end - 1] == ASCII.carriageReturn else { throw Malformed() }
        var words: [[UInt8]] = [[]]
        for index in start.count..<(end - 1) {
            if bytes[index] == ASCII.space { words.append([]) } else { words[words.count - 1].append(bytes[index]) }
        }
        if words[0] == Array("UNKNOWN".utf8) { return (ProxyProtocol(source: nil, destination: nil), end + 1) }
        let family = String(decoding: words[0], as: UTF8.self)
        guard ["TCP4", "TCP6"].contains(family), words.count == 5 else { throw Malformed() }
        let isShort = family == "TCP4"
        guard let source = endpoint(words[1], words[3], isShort),
            let destination = endpoint(words[2], words[4], isShort)
        else { throw Malformed() }
        return (ProxyProtocol(source: source, destination: destination), end + 1)
    }

    private static func endpoint(_ address: [UInt8], _ port: [UInt8], _ isShort: Bool) -> Endpoint? {
        guard (1...39).contains(address.count), address.contains(ASCII.colon) != isShort, (1...5).contains(port.count),
            port.allSatisfy(\.isDigit), let number = UInt16(String(decoding: port, as: UTF8.self))
        else { return nil }
        return Endpoint(address: .text(String(decoding: address, as: UTF8.self)), port: number)
    }

    // MARK: Version 2

    private static func parseBinary(_ bytes: Span<UInt8>) throws(Malformed) -> (header: ProxyProtocol, length: Int)? {
        for index in 0..<min(signature.count, bytes.count) where bytes[index] != signature[index] { throw Malformed() }
        guard bytes.count >= 16 else { return nil }
        guard bytes[12] >> 4 == 2 else { throw Malformed() }
        let length = 16 + (Int(bytes[14]) << 8 | Int(bytes[15]))
        guard length <= maxLength else { throw Malformed() }
        guard bytes.count >= length else { return nil }
        let nothing = ProxyProtocol(source: nil, destination: nil)
        switch bytes[12] & 15 {
        case 0: return (nothing, length)
        case 1: break
        default: throw Malformed()
        }
        // If the transport is not a stream but for example a datagram, the addresses are ignored, as in nginx.
        guard bytes[13] & 15 == 1 else { return (nothing, length) }
        let size: Int
        switch bytes[13] >> 4 {
        case 1: size = 4
        case 2: size = 16
        default: return (nothing, length)
        }
        guard length >= 16 + 2 * size + 4 else { throw Malformed() }
        func endpoint(_ start: Int, _ port: Int) -> Endpoint {
            Endpoint(
                address: .binary((start..<start + size).map { bytes[$0] }),
                port: UInt16(bytes[port]) << 8 | UInt16(bytes[port + 1]))
        }
        let ports = 16 + 2 * size
        return (ProxyProtocol(source: endpoint(16, ports), destination: endpoint(16 + size, ports + 2)), length)
    }
}
