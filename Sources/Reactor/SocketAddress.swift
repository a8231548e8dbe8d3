internal import CLinux
internal import Glibc

/// Where a socket is, or what it is connected to.
package enum SocketAddress: Sendable, Hashable {
    /// Both in host byte order.
    case ipv4(UInt32, port: UInt16)
    /// The address as two big-endian halves.
    case ipv6(UInt64, UInt64, port: UInt16, scope: UInt32 = 0)
    case unix(String)

    /// The most bytes a unix socket's path may have on Linux.
    package static let longestUnixPath = 107

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

    /// An address in figures (no name): `127.0.0.1`, `::1`.
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

    /// An address as ``description`` shows it.
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

    /// Looks a host's name up (getaddrinfo(3)). Blocks: never on a loop's thread. Sorted, without repeats.
    package static func resolve(host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            throw ResolutionError(host: host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let current = entry {
            if let raw = current.pointee.ai_addr, var address = SocketAddress(raw) {
                address.port = port
                if !found.contains(address) { found.append(address) }
            }
            entry = current.pointee.ai_next
        }
        return found.sorted { $0.description < $1.description }
    }

    init?(_ raw: UnsafePointer<sockaddr>) {
        switch CInt(raw.pointee.sa_family) {
        case AF_INET:
            self = raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                .ipv4(UInt32(bigEndian: $0.pointee.sin_addr.s_addr), port: UInt16(bigEndian: $0.pointee.sin_port))
            }
        case AF_INET6:
            self = raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
                withUnsafeBytes(of: six.pointee.sin6_addr) { bytes in
                    .ipv6(
                        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                        port: UInt16(bigEndian: six.pointee.sin6_port), scope: six.pointee.sin6_scope_id)
                }
            }
        case AF_UNIX:
            self = raw.withMemoryRebound(to: sockaddr_un.self, capacity: 1) { unix in
                withUnsafeBytes(of: unix.pointee.sun_path) { path in
                    .unix(String(decoding: path.prefix { $0 != 0 }, as: UTF8.self))
                }
            }
        default: return nil
        }
    }

    package var family: CInt {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    func withRaw<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length = withUnsafeMutableBytes(of: &storage) { bytes -> Int in
            switch self {
            case .ipv4(let address, let port):
                var raw = sockaddr_in()
                raw.sin_family = sa_family_t(AF_INET)
                raw.sin_port = port.bigEndian
                raw.sin_addr.s_addr = address.bigEndian
                bytes.storeBytes(of: raw, as: sockaddr_in.self)
                return MemoryLayout<sockaddr_in>.size
            case .ipv6(let high, let low, let port, let scope):
                var raw = sockaddr_in6()
                raw.sin6_family = sa_family_t(AF_INET6)
                raw.sin6_port = port.bigEndian
                raw.sin6_scope_id = scope
                withUnsafeMutableBytes(of: &raw.sin6_addr) { address in
                    address.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
                    address.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
                }
                bytes.storeBytes(of: raw, as: sockaddr_in6.self)
                return MemoryLayout<sockaddr_in6>.size
            case .unix(let path):
                bytes.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                let text = Array(path.utf8.prefix(Self.longestUnixPath))
                let offset = MemoryLayout<sa_family_t>.size
                UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyBytes(from: text)
                return offset + text.count + 1
            }
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    /// As nginx shows it: `127.0.0.1:80`, `[::1]:80`, `unix:/run/x.sock`.
    package var description: String {
        switch self {
        case .ipv4(_, let port): "\(host):\(port)"
        case .ipv6(_, _, let port, _): "[\(host)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The address without the port: `127.0.0.1`, `::1`, `unix:` for a unix socket.
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

    /// The address without the port in network byte order: 4, 16 or no bytes.
    package var binary: [UInt8] {
        var bytes: [UInt8] = []
        appendBinary(to: &bytes)
        return bytes
    }

    /// Appends ``binary`` without making an array of it.
    package func appendBinary(to out: inout [UInt8]) {
        switch self {
        case .ipv4(let address, _):
            withUnsafeBytes(of: address.bigEndian) { out.append(contentsOf: $0.bindMemory(to: UInt8.self).span) }
        case .ipv6(let high, let low, _, _):
            withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
                out.append(contentsOf: $0.bindMemory(to: UInt8.self).span)
            }
        case .unix: break
        }
    }

    /// Stands for every address of this machine: `0.0.0.0`, `::`.
    package var isWildcard: Bool {
        switch self {
        case .ipv4(let address, _): address == 0
        case .ipv6(let high, let low, _, _): high == 0 && low == 0
        case .unix: false
        }
    }

    /// 127.0.0.0/8, `::1` (also mapped), or a unix socket: a client on this machine.
    package var isLoopback: Bool {
        switch self {
        case .ipv4(let address, _): address >> 24 == 127
        case .ipv6(let high, let low, _, _): high == 0 && (low == 1 || low >> 24 == 0xFFFF_7F)
        case .unix: true
        }
    }
}

/// A host name that has no address now.
package struct ResolutionError: Error, CustomStringConvertible, Hashable {
    package let host: String
    package let reason: String
    /// That there is no such name is an answer, and not for want of one.
    package let isFinal: Bool

    package init(host: String, reason: String, isFinal: Bool = false) {
        self.host = host
        self.reason = reason
        self.isFinal = isFinal
    }

    package var description: String { "host not found: \"\(host)\" (\(reason))" }
}
