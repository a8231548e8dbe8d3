import DefaultProxy
import TestSupport
import Testing

@testable import NginxConfig

struct ShippedFileTests {
    static let variants: [String] = [
        DefaultProxy.configuration(),
        DefaultProxy.configuration(listen: ["0.0.0.0:8080", "[::]:8080", "unix:/tmp/millrace-shipped-test.sock"]),
        DefaultProxy.configuration(servers: ["unix:/a.sock", "127.0.0.1:9000 weight=2", "[::1]:9000 backup"]),
        DefaultProxy.configuration(maxConnections: 0, strategy: .leastConnections),
        DefaultProxy.configuration(rateLimit: nil),
        DefaultProxy.configuration(rateLimit: .init(requests: 1000, windowSeconds: 1)),
        DefaultProxy.configuration(
            trustedProxies: ["10.0.0.0/8", "unix:"], pidFile: "nginx.pid", accessLog: "access.json"),
    ]

    @Test func `Without arguments, the configuration is the shipped file`() {
        #expect(DefaultProxy.configuration() == DefaultProxy.shipped)
    }

    @Test(arguments: variants)
    func `Every variant is read without a warning`(_ text: String) throws {
        let configuration = try load(text)
        #expect(configuration.warnings.isEmpty)
        #expect(configuration.http?.servers.count == 1)
    }

    @Test(.enabled(if: StockNginx.isPresent), arguments: variants)
    func `nginx accepts every variant`(_ text: String) throws {
        let complaint = try StockNginx.complaint(about: text)
        #expect(complaint == nil)
    }

    @Test func `The shipped file has the values of the contract`() throws {
        let configuration = try load(DefaultProxy.shipped)
        let http = try #require(configuration.http)
        #expect(http.listeners.map(\.endpoint.description) == ["127.0.0.1:8000"])
        let server = try #require(http.servers.first)
        let settings = server.locations[server.location(for: Array("/task/1".utf8).span)].settings
        let nodes = http.upstreams[try #require(settings.upstream.pass)]
        #expect(nodes.servers.count == 3)
        #expect(nodes.method == .roundRobin)
        #expect(settings.fastCGI.keepsConnection)
        #expect(settings.requestLimits.rules.map(\.burst) == [99])
        #expect(settings.requestLimits.rules.map(\.delayAfter) == [nil])
        #expect(settings.requestLimits.status == 429)
        #expect(http.limitZones.map(\.rate) == [LimitRate("100r/m")])
        #expect(settings.client.maxBodySize > 16 << 20)
        #expect(settings.upstream.readTimeout > .seconds(60))
        let names = settings.fastCGI.params.map(\.name)
        #expect(Set(["REQUEST_URI", "CONTENT_LENGTH", "REMOTE_ADDR", "REQUEST_METHOD"]).isSubset(of: names))
        let calls = server.locations[server.location(for: Array("/lb/stats".utf8).span)].settings
        #expect(calls.content == .balancerCalls)
        #expect(calls.upstream.pass == nil && calls.requestLimits.rules.isEmpty)
        #expect(settings.accessLogs.isEmpty)
        #expect(settings.realIP.trustedProxies.isEmpty)
    }

    @Test func `The configuration contains the given values`() throws {
        let text = DefaultProxy.configuration(
            listen: ["0.0.0.0:80"], servers: ["api:9000"], maxConnections: 5, strategy: .leastConnections,
            rateLimit: .init(requests: 7, windowSeconds: 3600), trustedProxies: ["10.0.0.1"], pidFile: "/run/m.pid",
            accessLog: "/dev/stdout")
        let configuration = try load(text)
        let http = try #require(configuration.http)
        #expect(configuration.main.pidFile == "/run/m.pid")
        #expect(http.upstreams[0].servers.map(\.endpoint) == [.inet(host: "api", port: 9000)])
        #expect(http.upstreams[0].servers.map(\.maxConnections) == [5])
        #expect(http.upstreams[0].servers.map(\.isResolvedAtRuntime) == [true])
        #expect(http.upstreams[0].method == .leastConnections)
        let settings = http.servers[0].locations[1].settings
        #expect(settings.requestLimits.rules.map(\.burst) == [6])
        #expect(abs(7 / perSecond(http.limitZones[0].rate) - 3600) < 0.01)
        #expect(settings.realIP.header == .xForwardedFor)
        #expect(settings.realIP.isRecursive)
        #expect(settings.realIP.trustedProxies == [.network(address: [10, 0, 0, 1], prefixLength: 32)])
        #expect(settings.accessLogs.map(\.format.name) == ["json"])
    }

    @Test func `A damaged file is read or refused, and never causes a crash`() {
        var random = SeededGenerator(seed: 11)
        let shipped = Array(DefaultProxy.configuration(accessLog: "a.log").utf8)
        for _ in 0..<2000 {
            var bytes = shipped
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 30))
                }
            }
            _ = try? NginxConfiguration.load(text: bytes, path: "/c", prefix: "", files: files([:]))
        }
    }
}
