internal import CLinux
internal import Glibc

/// A DNS server that is asked itself, whatever the system's own resolver is (nginx's `resolver`).
package struct DNSServer: Sendable, Hashable {
    package let address: SocketAddress

    package struct Answer: Sendable, Hashable {
        /// Sorted, without repeats; port 0.
        package var addresses: [SocketAddress]
        /// How long they may be used: the least TTL of all records.
        package var lifetime: Duration

        package init(addresses: [SocketAddress], lifetime: Duration) {
            self.addresses = addresses
            self.lifetime = lifetime
        }
    }

    package init(_ address: SocketAddress) {
        self.address = address
    }

    /// Looks a host's name up. Blocks: never on a loop's thread.
    /// - Parameters:
    ///   - isIPv4, isIPv6: what kinds of addresses are asked for
    ///   - seconds: how long the server may take for each kind
    package func resolve(
        _ host: String, isIPv4: Bool, isIPv6: Bool, seconds: Int
    ) throws(ResolutionError) -> Answer {
        var answer = Answer(addresses: [], lifetime: .seconds(Int(UInt32.max)))
        if isIPv4 {
            try ask(host, type: CInt(ns_t_a.rawValue), width: 4, seconds: seconds, into: &answer) {
                .ipv4(UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)), port: 0)
            }
        }
        if isIPv6 {
            try ask(host, type: CInt(ns_t_aaaa.rawValue), width: 16, seconds: seconds, into: &answer) {
                .ipv6(
                    UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                    UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), port: 0)
            }
        }
        guard !answer.addresses.isEmpty else {
            throw ResolutionError(host: host, reason: "the DNS server \(address) knows no address of it", isFinal: true)
        }
        answer.addresses.sort { $0.description < $1.description }
        return answer
    }

    private static let mostAddresses = 256

    private func ask(
        _ host: String, type: CInt, width: Int, seconds: Int, into answer: inout Answer,
        _ make: (UnsafeRawBufferPointer) -> SocketAddress
    ) throws(ResolutionError) {
        var message = [UInt8](repeating: 0, count: 65_536)
        let length = address.withRaw { server, size in
            millrace_dns_query(server, size, host, type, CInt(seconds), &message, CInt(message.count))
        }
        guard length > 0 else {
            // That there is no record of this kind is an answer.
            if -length == NO_DATA { return }
            throw ResolutionError(
                host: host, reason: "\(String(cString: hstrerror(-length))), says the DNS server \(address)",
                isFinal: -length == HOST_NOT_FOUND)
        }
        var found = [UInt8](repeating: 0, count: Self.mostAddresses * width)
        var lifetime: UInt32 = 0
        let count = millrace_dns_addresses(
            message, length, type, CInt(width), &found, CInt(Self.mostAddresses), &lifetime)
        guard count >= 0 else {
            throw ResolutionError(host: host, reason: "the DNS server \(address) gave a malformed answer")
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
