import Testing

@testable import HTTPWire

struct ProxyProtocolTests {
    private func parse(_ bytes: [UInt8]) throws(ProxyProtocol.Malformed) -> (header: ProxyProtocol, length: Int)? {
        try ProxyProtocol.parse(bytes.span)
    }

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

    @Test(
        arguments: [
            ("PROXY TCP4 192.0.2.1 10.0.0.1 5000 80\r\n", "192.0.2.1", 5000, "10.0.0.1", 80),
            ("PROXY TCP6 2001:db8::1 ::1 65535 443\r\n", "2001:db8::1", 65535, "::1", 443),
        ] as [(String, String, UInt16, String, UInt16)])
    func `a header of version 1 has the addresses of client and server`(
        text: String, source: String, sourcePort: UInt16, destination: String, destinationPort: UInt16
    ) throws {
        let bytes = Array(text.utf8)
        let parsed = try #require(try parse(bytes + Array("GET".utf8)))
        #expect(parsed.length == bytes.count)
        #expect(parsed.header.source == ProxyProtocol.Endpoint(address: .text(source), port: sourcePort))
        #expect(parsed.header.destination == ProxyProtocol.Endpoint(address: .text(destination), port: destinationPort))
        for count in 0..<bytes.count { #expect(try parse(Array(bytes[..<count])) == nil) }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "PROXY TCP4 192.0.2.1 10.0.0.1 5000\r\n", "PROXY TCP4 192.0.2.1 10.0.0.1 5000 80\n",
        "PROXY TCP5 192.0.2.1 10.0.0.1 5000 80\r\n", "PROXY TCP4 ::1 10.0.0.1 5000 80\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 x 80\r\n", "PROXY TCP4 192.0.2.1 10.0.0.1 70000 80\r\n",
        "PROXY TCP4  10.0.0.1 5000 80\r\n", "PROXY TCP4 " + String(repeating: "1", count: 100), "PROXY\r\n",
    ]) func `a malformed header of version 1 is refused`(_ text: String) {
        #expect(throws: ProxyProtocol.Malformed.self) { try parse(Array(text.utf8)) }
    }

    @Test func `a sender that does not tell the addresses leaves them nil`() throws {
        for bytes in [Array("PROXY UNKNOWN whatever\r\n".utf8), Self.signature + [0x20, 0, 0, 0]] {
            let parsed = try #require(try parse(bytes))
            #expect(parsed.header.source == nil)
            #expect(parsed.length == bytes.count)
        }
    }

    @Test func `a header of version 2 has the addresses of client and server, and further fields are skipped`() throws {
        let four: [UInt8] = [192, 0, 2, 1, 10, 0, 0, 1, 0x13, 0x88, 0, 80]
        let extra: [UInt8] = [4, 0, 1, 9]
        let bytes = Self.signature + [0x21, 0x11, 0, UInt8(four.count + extra.count)] + four + extra
        let parsed = try #require(try parse(bytes + [1, 2, 3]))
        #expect(parsed.length == bytes.count)
        #expect(parsed.header.source == ProxyProtocol.Endpoint(address: .binary([192, 0, 2, 1]), port: 5000))
        #expect(parsed.header.destination == ProxyProtocol.Endpoint(address: .binary([10, 0, 0, 1]), port: 80))
        for count in 0..<bytes.count { #expect(try parse(Array(bytes[..<count])) == nil) }
        // The addresses of a datagram are ignored.
        let datagram = try #require(try parse(Self.signature + [0x21, 0x12, 0, UInt8(four.count)] + four))
        #expect(datagram.header.source == nil && datagram.header.destination == nil)
        #expect(datagram.length == 28)
        let six = [UInt8](repeating: 7, count: 32) + [1, 1, 2, 2]
        let long = try #require(try parse(Self.signature + [0x21, 0x21, 0, 36] + six))
        #expect(long.header.source?.port == 257)
        for bad in [[0x31, 0x11, 0, 12], [0x22, 0x11, 0, 12], [0x21, 0x11, 0, 3], [0x21, 0x11, 0xFF, 0xFF]] as [[UInt8]]
        {
            #expect(throws: ProxyProtocol.Malformed.self) { try parse(Self.signature + bad + four) }
        }
    }
}
