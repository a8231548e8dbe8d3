import Testing

@testable import NginxConfig

struct HTTPBlockTests {
    @Test func `An upstream has servers with parameters`() throws {
        let upstreams = try http(
            """
            server { location / { fastcgi_pass Nodes; } }
            upstream nodes {
                server 10.0.0.1:9000 weight=3 max_fails=2 fail_timeout=1m max_conns=7;
                server api backup;
                server [::1]:9001 down;
                server unix:/run/x.sock max_fails=0;
                least_conn;
                keepalive 16;
            }
            """
        ).upstreams
        let nodes = try #require(upstreams.first)
        #expect(upstreams.count == 1)
        #expect(nodes.method == .leastConnections)
        #expect(nodes.keepalive == 16)
        #expect(
            nodes.servers.map(\.endpoint) == [
                .inet(host: "10.0.0.1", port: 9000), .inet(host: "api", port: 80), .inet(host: "::1", port: 9001),
                .unix(path: "/run/x.sock"),
            ])
        let first = nodes.servers[0]
        #expect(first.weight == 3 && first.maxFails == 2 && first.maxConnections == 7)
        #expect(first.failTimeout == .seconds(60))
        #expect(nodes.servers.map(\.isBackup) == [false, true, false, false])
        #expect(nodes.servers.map(\.isDown) == [false, false, true, false])
        #expect(nodes.servers[3].maxFails == 0)
        #expect(nodes.servers[1].failTimeout == .seconds(10))
    }

    @Test func `Each address in fastcgi_pass becomes one upstream`() throws {
        let http = try http(
            "server { location /a { fastcgi_pass unix:/S; } location /b { fastcgi_pass unix:/S; }"
                + " location /c { fastcgi_pass 127.0.0.1:9; } }")
        #expect(http.upstreams.map(\.name) == ["unix:/S", "127.0.0.1:9"])
        #expect(http.servers[0].locations.map(\.settings.upstream.pass) == [nil, 0, 0, 1])
    }

    @Test func `A limit may refer to a zone that is declared later`() throws {
        let http = try http(
            """
            server { location / { limit_req zone=b burst=9 nodelay; limit_req zone=a; limit_req_status 429; } }
            limit_req zone=a burst=5 delay=3;
            limit_req_zone $binary_remote_addr zone=a:10m rate=100r/m;
            limit_req_zone $host$uri zone=b:32k rate=2r/s;
            """)
        #expect(http.limitZones.map(\.name) == ["a", "b"])
        #expect(http.limitZones.map(\.size) == [10 << 20, 32 << 10])
        #expect(http.limitZones[0].rate == LimitRate("100r/m"))
        #expect(http.limitZones[1].key.parts == [.variable(.named(.host)), .variable(.named(.uri))])
        let server = http.servers[0]
        #expect(server.settings.requestLimits.rules.map(\.delayAfter) == [3])
        #expect(server.settings.requestLimits.rules.map(\.burst) == [5])
        let limits = server.locations[1].settings.requestLimits.rules
        #expect(limits.map(\.zone) == [1, 0])
        #expect(limits.map(\.delayAfter) == [nil, 0])
        #expect(server.locations[1].settings.requestLimits.status == 429)
    }

    @Test func `Templates consist of literals and variables`() throws {
        let params = try settings(
            """
            server { location / {
                fastcgi_param A nginx/$nginx_version; fastcgi_param B "${scheme}s"; fastcgi_param C "";
                fastcgi_param D $http_x_forwarded_for$arg_Page; fastcgi_param E plain;
            } }
            """
        ).fastCGI.params.map(\.value)
        #expect(params[0].parts == [.literal(Array("nginx/".utf8)), .variable(.named(.nginxVersion))])
        #expect(params[1].parts == [.variable(.named(.scheme)), .literal(Array("s".utf8))])
        #expect(params[2].constant == [])
        #expect(
            params[3].parts == [
                .variable(.requestHeader(name: "x-forwarded-for")), .variable(.argument(name: "page")),
            ])
        #expect(params[4].constant == Array("plain".utf8))
        #expect(params[0].constant == nil)
    }

    @Test func `Trusted proxies are networks, addresses and unix sockets`() throws {
        let configuration = try load(
            """
            events {} http { server {
                set_real_ip_from 10.1.2.3/8; set_real_ip_from 192.0.2.1; set_real_ip_from 2001:db8::/32;
                set_real_ip_from unix:; real_ip_header x-forwarded-For; real_ip_recursive on;
            } }
            """)
        let settings = try #require(configuration.http?.servers.first?.settings)
        #expect(
            settings.realIP.trustedProxies == [
                .network(address: [10, 0, 0, 0], prefixLength: 8), .network(address: [192, 0, 2, 1], prefixLength: 32),
                .network(address: [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 12), prefixLength: 32), .unix,
            ])
        #expect(settings.realIP.header == .xForwardedFor)
        #expect(settings.realIP.isRecursive)
        #expect(configuration.warnings.map(\.message) == ["low address bits of 10.1.2.3/8 are meaningless"])
    }

    @Test func `Variables of maps and named groups may be used before their declaration`() throws {
        let http = try http(
            """
            log_format f "$kind $id $1";
            limit_req_zone $kind zone=a:1m rate=1r/s;
            map $request_method $kind { default ""; POST $writer; "~^P(?<rest>.*)" "p-$rest"; }
            map $arg_w $writer { \\default d; volatile; }
            server { access_log a.log f; location ~ "^/(?<id>\\\\d+)" {} }
            """)
        #expect(
            http.logFormats.last?.template.parts == [
                .variable(.mapped(0)), .literal([0x20]), .variable(.namedGroup("id")), .literal([0x20]),
                .variable(.group(1)),
            ])
        #expect(http.maps[0].exact == [Array("post".utf8): Template(parts: [.variable(.mapped(1))])])
        #expect(
            http.maps[0].patterns.map(\.value.parts) == [[.literal(Array("p-".utf8)), .variable(.namedGroup("rest"))]])
        #expect(http.maps[1].exact == [Array("default".utf8): Template(literal: "d")])
    }

    @Test func `The strings of a log format are joined`() throws {
        let http = try http(
            "log_format json escape=json '{\"a\":\"' '$status' '\"}';\nserver { access_log a.log json; }")
        let format = try #require(http.servers[0].settings.accessLogs.first?.format)
        #expect(format.escape == .json)
        #expect(
            format.template.parts == [
                .literal(Array("{\"a\":\"".utf8)), .variable(.named(.status)), .literal(Array("\"}".utf8)),
            ])
    }

    @Test func `Included files are inserted, and messages have their names`() throws {
        let others = [
            "/etc/millrace/conf.d/b.conf": "server { listen 2; }",
            "/etc/millrace/conf.d/a.conf": "server { listen 1; }",
            "/etc/millrace/conf.d/.hidden.conf": "broken", "/etc/millrace/bad.conf": "server {\nlisten;\n}",
            "/etc/millrace/loop.conf": "include loop.conf;", "/etc/millrace/open.conf": "server {",
        ]
        let main = "events {}\nhttp { include conf.d/*.conf; include none/*.conf; }"
        let configuration = try load(main, beside: others)
        let ports = try #require(configuration.http).listeners.map(\.endpoint.description)
        #expect(ports == ["0.0.0.0:1", "0.0.0.0:2"])
        let names = ["/etc/millrace/millrace.conf", "/etc/millrace/conf.d/a.conf", "/etc/millrace/conf.d/b.conf"]
        #expect(configuration.files.map(\.path) == names)
        #expect(
            fault("events {}\nhttp { include bad.conf; }", beside: others)?.description
                == "invalid number of arguments in \"listen\" directive in /etc/millrace/bad.conf:2")
        #expect(
            fault("include loop.conf;", beside: others)?.description
                == "open() \"/etc/millrace/loop.conf\" failed (24: Too many open files) in /etc/millrace/loop.conf:1")
        #expect(
            fault("http { include open.conf; }", beside: others)?.description
                == "unexpected end of file, expecting \"}\" in /etc/millrace/open.conf:1")
    }
}
