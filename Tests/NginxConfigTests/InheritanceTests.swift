import Testing

@testable import NginxConfig

struct InheritanceTests {
    @Test func `Without directives, nginx's defaults hold`() throws {
        let settings = try settings("server { location / {} }")
        #expect(settings.clientMaxBodySize == 1 << 20)
        #expect(settings.clientHeaderTimeout == .seconds(60))
        #expect(settings.keepaliveTimeout == .seconds(75))
        #expect(settings.fastCGIReadTimeout == .seconds(60))
        #expect(!settings.fastCGIKeepConnection)
        #expect(settings.limitStatus == 503)
        #expect(settings.limits.isEmpty)
        #expect(settings.fastCGIPass == nil)
        #expect(settings.realIPHeader == .named("x-real-ip"))
        #expect(!settings.isRealIPRecursive)
        #expect(settings.documentRoot == "/srv/html")
        #expect(settings.accessLogs.map(\.path) == ["/srv/logs/access.log"])
        #expect(settings.accessLogs.map(\.format.name) == ["combined"])
        let server = try #require(try http("server {}").listeners.first)
        #expect(server.endpoint == .inet(host: "0.0.0.0", port: 80))
    }

    @Test func `A value holds in the blocks within, wherever it stands`() throws {
        let outer = try settings("server { location / {} client_max_body_size 3m; } send_timeout 5s;")
        #expect(outer.clientMaxBodySize == 3 << 20)
        #expect(outer.sendTimeout == .seconds(5))
    }

    @Test func `An inner value wins, and ends with its block`() throws {
        let body = "client_max_body_size 1k; server { location /a { client_max_body_size 2k; } location /b {} }"
        #expect(try settings(body, path: "/a").clientMaxBodySize == 2048)
        #expect(try settings(body, path: "/b").clientMaxBodySize == 1024)
        #expect(try settings(body, path: "/c").clientMaxBodySize == 1024)
    }

    @Test func `A list is inherited whole or replaced whole`() throws {
        let body = """
            fastcgi_param A 1; fastcgi_param B 2;
            server {
                location /same {}
                location /own { fastcgi_param C 3; fastcgi_param C 4 if_not_empty; }
            }
            """
        #expect(try settings(body, path: "/same").fastCGIParams.map(\.name) == ["A", "B"])
        let own = try settings(body, path: "/own").fastCGIParams
        #expect(own.map(\.name) == ["C", "C"])
        #expect(own.map(\.ifNotEmpty) == [false, true])
    }

    @Test func `fastcgi_pass stays in its location`() throws {
        let body = "server { location /a { fastcgi_pass unix:/s; location /a/b {} } }"
        #expect(try settings(body, path: "/a").fastCGIPass == 0)
        #expect(try settings(body, path: "/a/b").fastCGIPass == nil)
    }

    @Test func `access_log off silences its level, whatever stands beside it`() throws {
        let body = """
            access_log a.log;
            server {
                location /off { access_log b.log; access_log off; }
                location /off2 { access_log off; access_log b.log; }
                location /on { access_log /b.log combined buffer=4k flush=1s; access_log c.log; }
            }
            """
        #expect(try settings(body, path: "/").accessLogs.map(\.path) == ["/srv/a.log"])
        #expect(try settings(body, path: "/off").accessLogs.isEmpty)
        #expect(try settings(body, path: "/off2").accessLogs.isEmpty)
        let logs = try settings(body, path: "/on").accessLogs
        #expect(logs.map(\.path) == ["/b.log", "/srv/c.log"])
        #expect(logs.first?.bufferSize == 4096)
        #expect(logs.first?.flushInterval == .seconds(1))
    }

    @Test func `Limits of connections and of heads are read, and inherited`() throws {
        let body = """
            limit_conn_zone $binary_remote_addr zone=a:1m; limit_conn_zone $host zone=b:1m;
            limit_conn a 3; limit_conn b 4; limit_conn_status 429; limit_conn_log_level info; limit_conn_dry_run on;
            limit_req_log_level warn; limit_req_dry_run on;
            keepalive_requests 5; keepalive_time 2m; client_header_buffer_size 2k; large_client_header_buffers 2 1k;
            server { location /own { limit_conn b 1; keepalive_requests 0; } }
            """
        let outer = try settings(body)
        #expect(outer.connectionLimits.map(\.limit) == [3, 4])
        #expect((outer.connectionLimitStatus, outer.connectionLimitLogLevel) == (429, .info))
        #expect(outer.isConnectionLimitDryRun)
        #expect((outer.limitLogLevel, outer.isLimitDryRun) == (.warn, true))
        #expect((outer.keepaliveRequests, outer.keepaliveTime) == (5, .seconds(120)))
        #expect((outer.headerBuffers.requestLine, outer.headerBuffers.head) == (2048, 2048))
        let own = try settings(body, path: "/own")
        #expect(own.connectionLimits == [ConnectionLimitRule(zone: 1, limit: 1)])
        #expect(own.keepaliveRequests == 0)
        let standard = try settings("server {}")
        #expect((standard.headerBuffers.requestLine, standard.headerBuffers.head) == (8192, 32768))
        #expect((standard.keepaliveRequests, standard.connectionLimitStatus) == (1000, 503))
        let main = try load("worker_rlimit_nofile 99; worker_shutdown_timeout 3s; events {}").main
        #expect((main.descriptorLimit, main.shutdownTimeout) == (99, .seconds(3)))
    }

    @Test func `What follows a node's failure is read, and inherited`() throws {
        let body = """
            fastcgi_next_upstream error http_503 non_idempotent; fastcgi_next_upstream_tries 2;
            fastcgi_next_upstream_timeout 500ms; fastcgi_hide_header X-A; fastcgi_hide_header X-B;
            fastcgi_ignore_client_abort on;
            server { location /own { fastcgi_next_upstream off error; fastcgi_hide_header X-C; } }
            """
        let outer = try settings(body)
        #expect(outer.nextUpstream == [.error, .status503, .nonIdempotent])
        #expect((outer.nextUpstreamTries, outer.nextUpstreamTimeout) == (2, .milliseconds(500)))
        #expect(outer.hiddenHeaders == ["x-a", "x-b"])
        #expect(outer.ignoresClientAbort)
        let own = try settings(body, path: "/own")
        #expect(own.nextUpstream.isEmpty)
        #expect(own.hiddenHeaders == ["x-c"])
        #expect(try settings("server {}").nextUpstream == [.error, .timeout])
    }

    @Test func `Error pages are read, and inherited whole`() throws {
        let body = """
            error_page 404 /missing; error_page 500 502 =503 @down; error_page 403 = /login?from=$uri;
            fastcgi_intercept_errors on;
            server { location /own { error_page 400 https://example.com/; } location @down {} }
            """
        let outer = try settings(body)
        #expect(outer.errorPages.map(\.statuses) == [[404], [500, 502], [403]])
        #expect(outer.errorPages.map(\.status) == [.kept, .replaced(503), .ofPage])
        #expect(outer.interceptsErrors)
        #expect(try settings(body, path: "/own").errorPages.map(\.statuses) == [[400]])
        let server = try #require(try http(body).servers.first)
        #expect(server.location(named: "@down") == 2)
        #expect(server.location(named: "@up") == nil)
        #expect(server.location(for: Array("@down".utf8).span) == 0)
    }

    @Test func `What a server or location answers itself is not inherited, its headers and rules are`() throws {
        let body = """
            add_header A 1; deny 10.0.0.0/8; allow unix:; default_type a/b;
            server {
                return 200 x;
                if ($host) { return 301 /y; }
                location /same { internal; location /same/within {} }
                location /own { add_header B 2 always; allow all; return 204; types { text/x X y; } }
            }
            """
        let server = try settings(body)
        #expect(server.rewriteSteps.count == 2)
        #expect(server.addedHeaders.map(\.name) == ["A"])
        #expect(server.accessRules.map(\.isAllowed) == [false, true])
        let same = try settings(body, path: "/same")
        #expect(same.isInternal)
        #expect(same.rewriteSteps.isEmpty)
        #expect(same.accessRules == server.accessRules)
        #expect(try !settings(body, path: "/same/within").isInternal)
        let own = try settings(body, path: "/own")
        #expect(own.rewriteSteps == [.answer(ReturnRule(status: 204, text: nil))])
        #expect(own.addedHeaders.map(\.isAlways) == [true])
        #expect(own.accessRules == [AccessRule(isAllowed: true, network: nil)])
        #expect(own.mediaTypes.type(ofPath: Array("/a.b/c.X".utf8)) == "text/x")
        #expect(own.mediaTypes.type(ofPath: Array("/a.html".utf8)) == "a/b")
        #expect(same.mediaTypes.type(ofPath: Array("/a.html".utf8)) == "text/html")
    }

    @Test func `error_log goes from main into every block`() throws {
        let configuration = try load(
            "error_log stderr info; events {} http { server { location /x { error_log x.log; } } }")
        let server = try #require(configuration.http?.servers.first)
        let standardError = ErrorLog.Destination.standardError
        #expect(configuration.main.errorLogs.map(\.destination) == [standardError])
        #expect(server.settings.errorLogs.map(\.level) == [.info])
        let inner = server.locations[server.location(for: Array("/x".utf8).span)].settings.errorLogs
        #expect(inner.map(\.destination) == [.file(path: "/srv/x.log")])
    }

    @Test func `The main context is read`() throws {
        let main = try load("user www-data; worker_processes 4; pid run/x.pid; daemon off; events {}").main
        #expect(main.user == "www-data")
        #expect(main.group == "www-data")
        #expect(main.workerProcesses == .count(4))
        #expect(main.pidFile == "/srv/run/x.pid")
        #expect(main.daemon == false)
        let other = try load(
            "worker_processes auto; events { worker_connections 99; }", directives: "pid /p; daemon on;")
        #expect(other.main.workerProcesses == .auto)
        #expect(other.main.pidFile == "/p")
        #expect(other.main.daemon == true)
        #expect(other.events.workerConnections == 99)
        #expect(other.http == nil)
    }
}
