import NginxConfig
import Reactor
import Testing

@testable import Balancer

struct RuleTests {
    @Test func `times are formatted as by nginx`() {
        let text = TimeText()
        text.update(to: WallTime(microseconds: 784_111_777_000_000))
        #expect(String(decoding: text.http, as: UTF8.self) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(text.iso8601.count == 25)
        #expect(String(decoding: text.local, as: UTF8.self).contains("/Nov/1994:"))
    }

    @Test(arguments: [
        ("10.1.2.3", true), ("10.2.0.0", false), ("::ffff:10.1.0.9", true), ("2001:db8::1", true),
        ("2001:db9::1", false),
    ]) func `an address is compared with the prefix of a trusted network`(address: String, isIn: Bool) {
        let networks: [ClientNetwork] = [
            .network(address: [10, 1, 0, 0], prefixLength: 16),
            .network(address: [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 12), prefixLength: 32),
        ]
        #expect(networks.contain(SocketAddress(numeric: address, port: 0)!) == isIn)
    }

    @Test(arguments: [
        // Each row: the header, the expected client without real_ip_recursive, and the expected client with it.
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"), ("192.0.2.1, 10.1.0.2", "10.1.0.2", "192.0.2.1"),
        ("192.0.2.9, 192.0.2.1,10.1.0.3 , 10.1.0.2", "10.1.0.2", "192.0.2.1"),
        ("10.1.0.3, 10.1.0.2", "10.1.0.2", "10.1.0.3"), ("192.0.2.1, nonsense, 10.1.0.2", "10.1.0.2", "10.1.0.2"),
        ("192.0.2.1, 10.1.0.2:80, ", "10.1.0.2", "192.0.2.1"), ("192.0.2.1, nonsense", nil, nil), (" , ", nil, nil),
    ]) func `the client is the last address, or with real_ip_recursive the last address that is not trusted`(
        list: String, last: String?, recursive: String?
    ) {
        let peer = SocketAddress(numeric: "10.1.0.1", port: 80)!
        let sources = [ClientNetwork.network(address: [10, 1, 0, 0], prefixLength: 16)]
        func address(_ peer: SocketAddress, isRecursive: Bool) -> String? {
            RealClient.address(in: Array(list.utf8), from: peer, trusting: sources, isRecursive: isRecursive)?.host
        }
        #expect(address(peer, isRecursive: false) == last)
        #expect(address(peer, isRecursive: true) == recursive)
        #expect(address(SocketAddress(numeric: "192.0.2.7", port: 80)!, isRecursive: true) == nil)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("192.0.2.1:80", "192.0.2.1"), ("[2001:db8::1]:80", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"), ("unknown", nil), ("", nil),
        ("unix:/x", nil),
    ]) func `a forwarded address is parsed in each of its forms`(text: String, host: String?) {
        #expect(RealClient.parse(text)?.host == host)
    }

    @Test func `request ids are 32 hexadecimal digits, and no two are equal`() {
        var maker = RequestIDGenerator()
        let ids = (0..<1000).map { _ in
            var id: [UInt8] = []
            maker.append(to: &id)
            return id
        }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.count == 32 && RequestIDs.isSane($0.span) })
    }
}
