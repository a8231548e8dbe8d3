import Reactor
import Testing

@testable import Balancer

/// Tests the three protocols of the request path with other implementations: ``ClientStream`` with a client that is not
/// HTTP/1, ``Transport`` with memory instead of a socket, and ``UpstreamProtocol`` with a protocol that is not FastCGI.
struct SeamTests {
    // MARK: The client's stream

    @Test func `an exchange serves a client that is not HTTP/1`() throws {
        let balancer = try MemoryBalancer()
        let client = MemoryClient()
        let exchange = try balancer.begin("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", client: client)
        exchange.endBody()
        balancer.turn()
        #expect(balancer.peers.count == 1)
        #expect(balancer.peers[0].takeOutgoing() == "/a 3\n.\n")
        balancer.peers[0].receive("201 5\nhel")
        balancer.turn()
        #expect(client.status == 201 && client.contentLength == 5 && client.text == "hel" && !client.isEnded)
        #expect(client.value(of: "x-peer") == "lines" && client.value(of: "server") == "millrace")
        balancer.peers[0].receive("lo")
        balancer.turn()
        #expect(client.text == "hello" && client.isEnded)
        #expect(exchange.response.isComplete)
    }

    @Test func `the body of a client that is not HTTP/1 streams to the peer, as fast as the peer reads`() throws {
        let balancer = try MemoryBalancer(
            location: "fastcgi_pass nodes; fastcgi_request_buffering off; client_body_buffer_size 4;")
        let client = MemoryClient()
        let exchange = try balancer.begin(
            "POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 400000\r\n\r\n", client: client)
        #expect(exchange.demandBody())
        exchange.receiveBody(Array("abcd".utf8).span)
        exchange.beginContent()
        balancer.turn()
        #expect(balancer.peers[0].takeOutgoing() == "/up 4\nabcd", "a peer is asked when the buffer is full")
        balancer.peers[0].room = 0
        let chunk = [UInt8](repeating: 0x78, count: 200_000)
        exchange.receiveBody(chunk.span)
        exchange.flushBody()
        #expect(!exchange.demandBody(), "the high-water mark is reached")
        #expect(client.resumes == 0)
        balancer.peers[0].room = .max
        balancer.turn()
        #expect(balancer.peers[0].takeOutgoing().utf8.count == 200_000)
        #expect(client.resumes == 1 && exchange.demandBody())
        exchange.receiveBody(Array(chunk[..<199_996]).span)
        exchange.endBody()
        balancer.turn()
        #expect(balancer.peers[0].takeOutgoing().hasSuffix("x.\n"))
        exchange.clientGone()
        #expect(balancer.peers[0].isClosed && exchange.response.status == 499)
    }

    // MARK: The transport

    @Test func `an HTTP/1 connection works over any transport, byte by byte`() throws {
        let balancer = try MemoryBalancer(location: "return 200 \"it is $uri\";")
        let transport = MemoryTransport()
        let connection = try balancer.connect(transport)
        for byte in "GET /x HTTP/1.1\r\nHost: h\r\n\r\n" {
            transport.receive(String(byte))
            balancer.turn(1)
        }
        balancer.turn()
        let response = transport.takeOutgoing()
        #expect(response.hasPrefix("HTTP/1.1 200 OK\r\n") && response.hasSuffix("\r\n\r\nit is /x"))
        #expect(connection.isIdle && !transport.isClosed)
        transport.receive("GET /y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        balancer.turn()
        #expect(transport.takeOutgoing().hasSuffix("it is /y"))
        #expect(transport.isClosed && balancer.loop.connections.count == 0)
    }

    @Test func `a client that reads slowly gets its whole response`() throws {
        let balancer = try MemoryBalancer(location: "return 200 abcdefghij;")
        let transport = MemoryTransport()
        let connection = try balancer.connect(transport)
        transport.room = 7
        transport.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        balancer.turn()
        var response = transport.takeOutgoing()
        #expect(response == "HTTP/1.")
        #expect(connection.responseBacklog > 0 && !connection.isIdle)
        transport.room = .max
        connection.handle(.writable)
        response += transport.takeOutgoing()
        #expect(response.hasSuffix("abcdefghij") && connection.isIdle)
        transport.end()
        balancer.turn()
        #expect(transport.isClosed)
    }

    @Test func `variables tell whether the transport is encrypted`() throws {
        let balancer = try MemoryBalancer()
        func ask(isEncrypted: Bool) throws -> String {
            let transport = MemoryTransport(isEncrypted: isEncrypted)
            _ = try balancer.connect(transport)
            transport.receive("GET /scheme HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            balancer.turn()
            return String(transport.takeOutgoing().split(separator: "\r\n").last ?? "")
        }
        #expect(try ask(isEncrypted: false) == "http  127.0.0.1")
        #expect(try ask(isEncrypted: true) == "https on 127.0.0.1")
    }

    // MARK: The upstream's protocol

    @Test func `a connection carries requests of any protocol, one after the other`() throws {
        let balancer = try MemoryBalancer()
        let transport = MemoryTransport()
        _ = try balancer.connect(transport)
        for (path, body) in [("/one", "first"), ("/two", "second")] {
            transport.receive("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
            balancer.turn()
            #expect(balancer.peers.count == 1, "the connection was kept")
            #expect(balancer.peers[0].takeOutgoing() == "\(path) 3\n.\n")
            balancer.peers[0].receive("200 \(body.utf8.count)\n\(body)")
            balancer.turn()
            #expect(transport.takeOutgoing().hasSuffix("\r\n\r\n\(body)"))
        }
    }

    @Test func `an overloaded peer and one that sends nonsense are passed over`() throws {
        let balancer = try MemoryBalancer(
            upstream: "server 192.0.2.7:9000; server 192.0.2.8:9000; server 192.0.2.9:9000;",
            location: "fastcgi_pass nodes; fastcgi_next_upstream error invalid_header;")
        let transport = MemoryTransport()
        _ = try balancer.connect(transport)
        transport.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        balancer.turn()
        balancer.peers[0].receive("0 0\n")
        balancer.turn()
        balancer.peers[1].receive("nonsense\n")
        balancer.turn()
        balancer.peers[2].receive("200 2\nok")
        balancer.turn()
        #expect(balancer.peers.map(\.isClosed) == [true, true, true])
        #expect(transport.takeOutgoing().hasSuffix("\r\n\r\nok"))
    }

    @Test func `if a peer closes an idle connection, the next request opens another one`() throws {
        let balancer = try MemoryBalancer()
        let transport = MemoryTransport()
        _ = try balancer.connect(transport)
        func ask(_ peer: Int) {
            transport.receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
            balancer.turn()
            balancer.peers[peer].receive("200 0\n")
            balancer.turn()
        }
        ask(0)
        balancer.peers[0].end()
        balancer.turn()
        #expect(balancer.peers[0].isClosed)
        ask(1)
        #expect(transport.takeOutgoing().ranges(of: "HTTP/1.1 200 OK").count == 2)
    }

    @Test func `a response may end with its connection if the protocol allows it`() throws {
        let balancer = try MemoryBalancer()
        let transport = MemoryTransport()
        _ = try balancer.connect(transport)
        func ask(_ response: String) -> String {
            transport.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            balancer.turn()
            let peer = balancer.peers[balancer.peers.count - 1]
            peer.receive(response)
            balancer.turn()
            peer.end()
            balancer.turn()
            #expect(peer.isClosed)
            return transport.takeOutgoing()
        }
        #expect(ask("200 -1\nall of it").hasSuffix("\r\n\r\n9\r\nall of it\r\n0\r\n\r\n"))
        #expect(!transport.isClosed)
        #expect(ask("200 10\nhalf").hasSuffix("\r\n\r\nhalf"))
        #expect(transport.isClosed, "the client must see that this one is not whole")
    }

    // MARK: Requests that end at once

    @Test func `if a request ends while its body is read, the rest of the body is not read`() throws {
        let balancer = try MemoryBalancer(
            location: """
                fastcgi_pass nodes; fastcgi_request_buffering off; client_body_buffer_size 10; error_page 502 @drop; }
                location @drop { return 444;
                """)
        balancer.arePeersBroken = true
        let transport = MemoryTransport()
        _ = try balancer.connect(transport)
        transport.receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n01234567890123456789")
        balancer.turn()
        #expect(transport.isClosed && balancer.loop.connections.count == 0)
    }

    @Test func `an exchange that ends during an attempt is not used after it is given back`() throws {
        // limit_req delays the second request. So this request is started by a timer, and not by the code that reads
        // its bytes.
        let balancer = try MemoryBalancer(
            http: "limit_req_zone $uri zone=z:1m rate=50r/s;", location: "limit_req zone=z burst=5; fastcgi_pass nodes;"
        )
        balancer.arePeersBroken = true
        let (first, second) = (MemoryTransport(), MemoryTransport())
        for transport in [first, second] {
            _ = try balancer.connect(transport)
            transport.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            balancer.turn()
        }
        #expect(first.takeOutgoing().hasPrefix("HTTP/1.1 502"))
        // Fill the pool, because a full pool disposes of exchanges that are given back.
        let spares = (0..<300).map { _ in balancer.loop.takeExchange() }
        for exchange in spares { balancer.loop.giveBack(exchange) }
        for _ in 0..<500 where second.outgoing.isEmpty {
            balancer.loop.events.turn(waitingAtMost: .milliseconds(10))
        }
        #expect(second.takeOutgoing().hasPrefix("HTTP/1.1 502"))
    }
}
