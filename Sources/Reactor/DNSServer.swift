internal import CLinux
internal import Glibc

/// A DNS server that is queried directly, without the system's resolver (nginx's `resolver`).
package struct DNSServer: Sendable, Hashable {
    package let address: SocketAddress

    package struct Answer: Sendable, Hashable {
        /// The addresses, sorted and without duplicates. Their port is 0.
        package var addresses: [SocketAddress]
        /// How long the addresses may be used: the lowest TTL of all records.
        package var lifetime: Duration

        package init(addresses: [SocketAddress], lifetime: Duration) {
            self.addresses = addresses
            self.lifetime = lifetime
        }
    }

    package init(_ address: SocketAddress) {
        self.address = address
    }

    /// Looks up a host name. This blocks, so never call it on the thread of a loop.
    /// - Parameters:
    ///   - ipv4, ipv6: which kinds of addresses to query
    ///   - timeoutSeconds: the timeout of the query for each kind
    package func resolve(
        _ host: String, ipv4: Bool, ipv6: Bool, timeoutSeconds: Int
    ) throws(ResolutionError) -> Answer {
        var answer = Answer(addresses: [], lifetime: .seconds(Int(UInt32.max)))
        if ipv4 {
            try ask(host, type: CInt(ns_t_a.rawValue), width: 4, timeoutSeconds, into: &answer) {
                .ipv4(UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)), port: 0)
            }
        }
        if ipv6 {
            try ask(host, type: CInt(ns_t_aaaa.rawValue), width: 16, timeoutSeconds, into: &answer) {
                .ipv6(
                    UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                    UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), port: 0)
            }
        }
        guard !answer.addresses.isEmpty else {
            throw ResolutionError(host: host, reason: "the DNS server \(address) has no address for it", isFinal: true)
        }
        answer.addresses.sort { $0.description < $1.description }
        return answer
    }

    private static let maxAddresses = 256

    private func ask(
        _ host: String, type: CInt, width: Int, _ timeoutSeconds: Int, into answer: inout Answer,
        _ make: (UnsafeRawBufferPointer) -> SocketAddress
    ) throws(ResolutionError) {
        var message = [UInt8](repeating: 0, count: 65_536)
        let length = address.withRaw { server, size in
            millrace_dns_query(server, size, host, type, CInt(timeoutSeconds), &message, CInt(message.count))
        }
        guard length > 0 else {
            // It is not an error that the host has no address of this kind.
            if -length == NO_DATA { return }
            throw ResolutionError(
                host: host, reason: "\(String(cString: hstrerror(-length))), says DNS server \(address)",
                isFinal: -length == HOST_NOT_FOUND)
        }
        var found = [UInt8](repeating: 0, count: Self.maxAddresses * width)
        var lifetime: UInt32 = 0
        let count = millrace_dns_addresses(
            message, length, type, CInt(width), &found, CInt(Self.maxAddresses), &lifetime)
        guard count >= 0 else {
            throw ResolutionError(host: host, reason: "the DNS server \(address) sent a malformed response")
        }
        found.withUnsafeBytes { bytes in
            for index in 0..<Int(count) {
                let one = make(UnsafeRawBufferPointer(rebasing: bytes[(index * width)..<((index + 1) * width)]))
                if !answer.addresses.contains(one) { answer.addresses.append(one) }
            }
        }
        if count > 0 { answer.lifetime = min(answer.lifetime, .seconds(Int(lifetime))) }
    }
}
