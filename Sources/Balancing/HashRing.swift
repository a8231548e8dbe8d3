internal import Bytes

/// The ring of nginx's `hash … consistent` (ketama). A server has 160 points per unit of weight. If a server is added
/// or removed, only its share of the keys changes to another server.
struct HashRing: Sendable {
    private struct Point {
        let hash: UInt32
        /// Index into ``servers``.
        let server: Int
    }

    private var points: [Point] = []
    private var servers: [String] = []

    init() {}

    /// Backup peers are not on the ring.
    init(_ peers: [PeerState]) {
        for peer in peers where !peer.specification.isBackup {
            let name = peer.specification.server
            let place = servers.firstIndex(of: name) ?? servers.count
            if place == servers.count { servers.append(name) }
            // As in Cache::Memcached::Fast: crc32(HOST \0 PORT PREVIOUS_HASH).
            let (host, port) = Self.parts(name)
            var base = CRC32()
            base.update(host.utf8)
            base.update(0)
            base.update(port.utf8)
            var previous: UInt32 = 0
            for _ in 0..<(peer.specification.weight * 160) {
                var crc = base
                for shift in stride(from: UInt32(0), to: 32, by: 8) {
                    crc.update(UInt8(truncatingIfNeeded: previous >> shift))
                }
                previous = crc.value
                points.append(Point(hash: previous, server: place))
            }
        }
        points.sort { $0.hash < $1.hash }
        var last: UInt32?
        points.removeAll { point in
            defer { last = point.hash }
            return point.hash == last
        }
    }

    var isEmpty: Bool { points.isEmpty }

    /// The index of the first point at or after the key's hash.
    func place(of key: [UInt8]) -> Int {
        var crc = CRC32()
        crc.update(key)
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            if points[middle].hash < crc.value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The server of the point at an index. An index beyond the end wraps around.
    func server(at place: Int) -> String { servers[points[place % points.count].server] }

    /// Splits a server's name at the last colon, if only digits follow it.
    private static func parts(_ name: String) -> (host: Substring, port: Substring) {
        if name.lowercased().hasPrefix("unix:") { return (name.dropFirst(5), "") }
        let port = name.reversed().prefix { $0 != ":" }.count
        let colon = name.index(name.endIndex, offsetBy: -port)
        guard port < name.count, name[colon...].utf8.allSatisfy(\.isDigit) else {
            return (name[...], "")
        }
        return (name[..<name.index(before: colon)], name[colon...])
    }
}
