internal import Bytes

/// The header that a load balancer in front puts before everything else on a connection: PROXY protocol, versions 1
/// (text) and 2 (binary), as HAProxy's specification has them.
package struct ProxyProtocol: Sendable, Hashable {
    package enum Address: Sendable, Hashable {
        /// Bytes of an address in figures, IPv4 or IPv6; whether it is one is for the caller to find out.
        case text(String)
        /// 4 or 16 bytes in network order.
        case binary([UInt8])
    }

    package struct Place: Sendable, Hashable {
        package let address: Address
        package let port: UInt16
    }

    package struct Malformed: Error {
        package init() {}
    }

    /// The client; nil: the sender does not say (`UNKNOWN`, `LOCAL`, or another family or transport than TCP).
    package let source: Place?
    /// Where the client connected to.
    package let destination: Place?

    /// The longest header that is taken. nginx, too, has room for the text form only, and for what others add to the
    /// binary one.
    package static let longest = 4096
    /// Version 1, with its CRLF.
    private static let longestLine = 107
    private static let signature = Array("\r\n\r\n\0\r\nQUIT\n".utf8)

    /// - Returns: the header and its length; nil when more bytes are needed
    package static func parse(_ bytes: Span<UInt8>) throws(Malformed) -> (header: ProxyProtocol, length: Int)? {
        guard bytes.count > 0 else { return nil }
        if bytes[0] == signature[0] { return try parseBinary(bytes) }
        return try parseLine(bytes)
    }

    // MARK: Version 1

    private static func parseLine(_ bytes: Span<UInt8>) throws(Malformed) -> (header: ProxyProtocol, length: Int)? {
        let start = Array("PROXY ".utf8)
        for index in 0..<min(start.count, bytes.count) where bytes[index] != start[index] { throw Malformed() }
        var end = 0
        while end < bytes.count, bytes[end] != ASCII.lineFeed { end += 1 }
        guard end < min(bytes.count, longestLine) else {
            if bytes.count >= longestLine { throw Malformed() }
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
        guard let source = place(words[1], words[3], isShort), let destination = place(words[2], words[4], isShort)
        else { throw Malformed() }
        return (ProxyProtocol(source: source, destination: destination), end + 1)
    }

    private static func place(_ address: [UInt8], _ port: [UInt8], _ isShort: Bool) -> Place? {
        guard (1...39).contains(address.count), address.contains(ASCII.colon) != isShort, (1...5).contains(port.count),
            port.allSatisfy(\.isDigit), let number = UInt16(String(decoding: port, as: UTF8.self))
        else { return nil }
        return Place(address: .text(String(decoding: address, as: UTF8.self)), port: number)
    }

    // MARK: Version 2

    private static func parseBinary(_ bytes: Span<UInt8>) throws(Malformed) -> (header: ProxyProtocol, length: Int)? {
        for index in 0..<min(signature.count, bytes.count) where bytes[index] != signature[index] { throw Malformed() }
        guard bytes.count >= 16 else { return nil }
        guard bytes[12] >> 4 == 2 else { throw Malformed() }
        let length = 16 + (Int(bytes[14]) << 8 | Int(bytes[15]))
        guard length <= longest else { throw Malformed() }
        guard bytes.count >= length else { return nil }
        let nothing = ProxyProtocol(source: nil, destination: nil)
        switch bytes[12] & 15 {
        case 0: return (nothing, length)
        case 1: break
        default: throw Malformed()
        }
        // Of a datagram (`SOCK_DGRAM`) it says nothing that a stream's connection has; so nginx reads it, too.
        guard bytes[13] & 15 == 1 else { return (nothing, length) }
        let size: Int
        switch bytes[13] >> 4 {
        case 1: size = 4
        case 2: size = 16
        default: return (nothing, length)
        }
        guard length >= 16 + 2 * size + 4 else { throw Malformed() }
        func place(_ start: Int, _ port: Int) -> Place {
            Place(
                address: .binary((start..<start + size).map { bytes[$0] }),
                port: UInt16(bytes[port]) << 8 | UInt16(bytes[port + 1]))
        }
        let ports = 16 + 2 * size
        return (ProxyProtocol(source: place(16, ports), destination: place(16 + size, ports + 2)), length)
    }
}
