internal import Bytes
internal import CLinux
internal import Glibc

/// The address of a socket.
package enum SocketAddress: Sendable, Hashable {
    /// The address and the port, both in host byte order.
    case ipv4(UInt32, port: UInt16)
    /// The upper and the lower 64 bits of the address, in host byte order.
    case ipv6(UInt64, UInt64, port: UInt16, scope: UInt32 = 0)
    case unix(String)

    /// The maximum length of the path of a unix socket on Linux, in bytes.
    package static let maxUnixPathLength = 107

    package var port: UInt16 {
        get {
            switch self {
            case .ipv4(_, let port), .ipv6(_, _, let port, _): port
            case .unix: 0
            }
        }
        set {
            switch self {
            case .ipv4(let address, _): self = .ipv4(address, port: newValue)
            case .ipv6(let high, let low, _, let scope): self = .ipv6(high, low, port: newValue, scope: scope)
            case .unix: break
            }
        }
    }

    /// Parses a numeric address: `127.0.0.1`, `::1`.
    package init?(numeric text: String, port: UInt16) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self = .ipv4(UInt32(bigEndian: four.s_addr), port: port)
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self = withUnsafeBytes(of: &six) { bytes in
                .ipv6(
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), port: port)
            }
        } else {
            return nil
        }
    }

    /// Parses an address in the form of ``description``.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            self = .unix(String(text.dropFirst(5)))
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        self.init(numeric: String(host), port: port)
    }
}

extension SocketAddress: CustomStringConvertible {
    /// The address as nginx writes it: `127.0.0.1:80`, `[::1]:80`, `unix:/run/x.sock`.
    package var description: String {
        switch self {
        case .ipv4(_, let port): "\(host):\(port)"
        case .ipv6(_, _, let port, _): "[\(host)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The address without the port: `127.0.0.1`, `::1`; `unix:` for a unix socket.
    package var host: String {
        switch self {
        case .ipv4(let address, _):
            return "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
        case .ipv6:
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            var bytes = binary
            inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count))
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        case .unix: return "unix:"
        }
    }

    /// The address without the port, in network byte order: 4 or 16 bytes; none for a unix socket.
    package var binary: [UInt8] {
        var bytes: [UInt8] = []
        appendBinary(to: &bytes)
        return bytes
    }

    /// Appends ``binary`` without making an array of it.
    package func appendBinary(to out: inout [UInt8]) {
        switch self {
        case .ipv4(let address, _):
            withUnsafeBytes(of: address.bigEndian) { out.append(copying: $0.bindMemory(to: UInt8.self).span) }
        case .ipv6(let high, let low, _, _):
            withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
                out.append(copying: $0.bindMemory(to: UInt8.self).span)
            }
        case .unix: break
        }
    }

    /// Whether the address means all addresses of this machine: `0.0.0.0`, `::`.
    package var isWildcard: Bool {
        switch self {
        case .ipv4(let address, _): address == 0
        case .ipv6(let high, let low, _, _): high == 0 && low == 0
        case .unix: false
        }
    }

    /// Whether the address is only reachable on this machine: 127.0.0.0/8 (also mapped to IPv6), `::1`, or a unix
    /// socket.
    package var isLoopback: Bool {
        switch self {
        case .ipv4(let address, _): address >> 24 == 127
        case .ipv6(let high, let low, _, _): high == 0 && (low == 1 || low >> 24 == 0xFFFF_7F)
        case .unix: true
        }
    }
}
