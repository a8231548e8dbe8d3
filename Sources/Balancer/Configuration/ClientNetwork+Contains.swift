internal import NginxConfig
internal import Reactor

extension ClientNetwork {
    func contains(_ address: SocketAddress) -> Bool {
        switch (self, address) {
        case (.unix, .unix): true
        case (.unix, _), (_, .unix): false
        case (.network(let network, let bits), _): Self.matches(address.binary, network, bits)
        }
    }

    private static func matches(_ address: [UInt8], _ network: [UInt8], _ bits: Int) -> Bool {
        var address = address
        // An IPv4 client of an IPv6 socket has an IPv4-mapped address (::ffff:a.b.c.d).
        if network.count == 4, address.count == 16, address[..<10].allSatisfy({ $0 == 0 }), address[10] == 0xFF,
            address[11] == 0xFF
        {
            address = Array(address[12...])
        }
        guard address.count == network.count else { return false }
        for index in 0..<(bits / 8) where address[index] != network[index] { return false }
        guard bits % 8 > 0 else { return true }
        let mask = ~UInt8(0) << UInt8(8 - bits % 8)
        return address[bits / 8] & mask == network[bits / 8] & mask
    }
}

extension [ClientNetwork] {
    func contain(_ address: SocketAddress) -> Bool { contains { $0.contains(address) } }
}

extension [AccessRule] {
    /// The first rule that contains the client's address decides. If no rule contains it, the client is allowed.
    func allow(_ address: SocketAddress) -> Bool {
        first { $0.network?.contains(address) ?? true }?.isAllowed ?? true
    }
}
