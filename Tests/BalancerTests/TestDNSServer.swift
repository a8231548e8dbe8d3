import Glibc
import Reactor
import Synchronization
import Threading

/// A DNS server over UDP with one thread. A test defines its records.
final class TestDNSServer: Sendable {
    struct Zone: Sendable {
        /// The addresses (IPv4 and IPv6) of each name.
        var addresses: [String: [SocketAddress]] = [:]
        /// The TTL of all records in seconds.
        var ttl: UInt32 = 60
        /// Whether the server reads queries without answering them.
        var isSilent = false
        /// Whether the server answers each query with "server failure".
        var isFailing = false
        var queries = 0
    }

    /// The server's address, as nginx's `resolver` directive takes it.
    let address: String
    let zone: Mutex<Zone>
    private let descriptor: CInt
    private let isStopped = Atomic<Bool>(false)

    init(_ addresses: [String: [SocketAddress]], isIPv6: Bool = false) {
        zone = Mutex(Zone(addresses: addresses))
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        let port: UInt16
        if isIPv6 {
            var own = sockaddr_in6()
            own.sin6_family = sa_family_t(AF_INET6)
            own.sin6_addr = in6addr_loopback
            Self.bind(descriptor, &own)
            port = UInt16(bigEndian: own.sin6_port)
        } else {
            var own = sockaddr_in()
            own.sin_family = sa_family_t(AF_INET)
            own.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            Self.bind(descriptor, &own)
            port = UInt16(bigEndian: own.sin_port)
        }
        address = isIPv6 ? "[::1]:\(port)" : "127.0.0.1:\(port)"
        var timeout = timeval(tv_sec: 0, tv_usec: 50_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        self.descriptor = descriptor
        _ = NamedThread("dns") { [self] in serve() }
    }

    /// Binds to a free port, and stores it in `address`.
    private static func bind<Address>(_ descriptor: CInt, _ address: inout Address) {
        var length = socklen_t(MemoryLayout<Address>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = Glibc.bind(descriptor, $0, length)
                getsockname(descriptor, $0, &length)
            }
        }
    }

    func stop() { isStopped.store(true, ordering: .releasing) }

    private func serve() {
        while !isStopped.load(ordering: .acquiring) {
            var query = [UInt8](repeating: 0, count: 512)
            var peer = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                    let count = recvfrom(descriptor, &query, query.count, 0, peer, &length)
                    guard count > 16, let reply = answer(Array(query[..<count])) else { return }
                    sendto(descriptor, reply, reply.count, 0, peer, length)
                }
            }
        }
        close(descriptor)
    }

    /// Builds the answer to a query: the question again, and the records of its name (RFC 1035, section 4).
    private func answer(_ query: [UInt8]) -> [UInt8]? {
        var labels: [String] = []
        var index = 12
        while query[index] > 0 {
            let end = index + 1 + Int(query[index])
            labels.append(String(decoding: query[(index + 1)..<end], as: UTF8.self))
            index = end
        }
        let type = UInt16(query[index + 1]) << 8 | UInt16(query[index + 2])
        let question = query[12..<(index + 5)]
        let (known, ttl, isSilent, isFailing) = zone.withLock { zone in
            zone.queries += 1
            return (zone.addresses[labels.joined(separator: ".")], zone.ttl, zone.isSilent, zone.isFailing)
        }
        if isSilent { return nil }
        let records = (isFailing ? [] : known ?? []).compactMap { address -> [UInt8]? in
            switch (address, type) {
            case (.ipv4, 1), (.ipv6, 28): address.binary
            default: nil
            }
        }
        // The response code 2 is "server failure", 3 is "no such name".
        let code: UInt8 = isFailing ? 2 : known == nil ? 3 : 0
        // The flags say "authoritative answer" and "recursion available".
        var reply = Array(query[..<2]) + [0x85, 0x80 | code, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
        reply += question
        for record in records {
            reply += [0xC0, 12, UInt8(type >> 8), UInt8(type & 255), 0, 1]
            reply += withUnsafeBytes(of: ttl.bigEndian) { Array($0) }
            reply += [0, UInt8(record.count)] + record
        }
        return reply
    }
}
