import AdminAccess
import HTTPWire
import NginxConfig
import Reactor

@testable import Balancer

/// One loop of a balancer without sockets. The test runs the turns of the loop, and acts as the client and as the
/// peers.
final class MemoryBalancer {
    let loop: BalancerLoop
    let configuration: RunningConfiguration
    let listener: ListenerSocket
    /// The connections to peers, in the order in which they were opened.
    var peers: [MemoryTransport] { made.peers }
    /// Whether peers accept connections and close them at once.
    var arePeersBroken: Bool {
        get { made.isBroken }
        set { made.isBroken = newValue }
    }
    private let made: Made

    private final class Made {
        var peers: [MemoryTransport] = []
        var isBroken = false
    }

    init(
        http: String = "", upstream: String = "server 192.0.2.7:9000; keepalive 4;",
        location: String = "fastcgi_pass nodes; fastcgi_keep_conn on;"
    ) throws {
        let text = """
            error_log /dev/null;
            events {}
            http {
                access_log off;
                \(http)
                upstream nodes { \(upstream) }
                server {
                    listen 127.0.0.1:80;
                    location / { \(location) }
                    location /scheme { return 200 "$scheme $https $server_addr"; }
                }
            }
            """
        let source = try NginxConfiguration.load(
            text: Array(text.utf8), path: "test.conf", prefix: "/tmp/", files: .system)
        let shared = SharedState(
            loops: 1, adminAccess: AdminAccess(token: nil), queueTimeout: .seconds(5), queueLimit: 10)
        configuration = try RunningConfiguration(source, source.http!, shared: shared)
        shared.configuration = configuration
        let made = Made()
        self.made = made
        let connector = UpstreamConnector(
            scheme: "lines",
            connect: { _ throws(SystemError) in
                let transport = MemoryTransport()
                transport.isBroken = made.isBroken
                made.peers.append(transport)
                return .init(transport: transport, isConnected: true)
            }, makeProtocol: { LineProtocol() })
        loop = try BalancerLoop(index: 0, shared: shared, configuration: configuration, connector: connector)
        loop.siblings = [loop]
        listener = ListenerSocket(
            loop: loop, descriptor: -1, configuration: configuration,
            BoundListener(
                settings: configuration.listeners[0], address: .ipv4(0x7F00_0001, port: 80), covered: [], sockets: [],
                owners: [0]))
    }

    /// A client's HTTP/1 connection over a transport in memory.
    func connect(_ transport: MemoryTransport) throws -> HTTP1Connection {
        try HTTP1Connection(transport, from: .ipv4(0xC000_0209, port: 5555), listener: listener, place: [])
    }

    /// Parses the request `text`, and begins an exchange for it with a client in memory.
    func begin(_ text: String, client: MemoryClient) throws -> Exchange {
        let exchange = loop.takeExchange()
        client.exchange = exchange
        exchange.open(
            client: client,
            info: ClientInfo(
                number: 1, address: .ipv4(0xC000_0209, port: 5555), local: nil, transport: nil,
                openedAt: loop.events.now), configuration: configuration, server: listener.defaultServer)
        let bytes = Array(text.utf8)
        var parser = RequestParser()
        exchange.request.bytes = bytes
        _ = try parser.parse(bytes.span, into: &exchange.request.head)
        exchange.begin(at: listener)
        return exchange
    }

    /// Runs turns of the event loop, which handle the pending events. Does not wait for events.
    func turn(_ times: Int = 3) {
        for _ in 0..<times { loop.events.turn(waitingAtMost: .zero) }
    }
}
