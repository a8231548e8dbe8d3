import Testing

@testable import NginxConfig

struct InheritanceTests {
    @Test func `Without directives, nginx's defaults apply`() throws {
        let settings = try settings("server { location / {} }")
        #expect(settings.client.maxBodySize == 1 << 20)
        #expect(settings.client.headerTimeout == .seconds(60))
        #expect(settings.client.keepaliveTimeout == .seconds(75))
        #expect(settings.upstream.readTimeout == .seconds(60))
        #expect(!settings.fastCGI.keepsConnection)
        #expect(settings.requestLimits.status == 503)
        #expect(settings.requestLimits.rules.isEmpty)
        #expect(settings.upstream.pass == nil)
        #expect(settings.realIP.header == .named("x-real-ip"))
        #expect(!settings.realIP.isRecursive)
        #expect(settings.files.root == DocumentRoot(Template(literal: "/srv/html")))
        #expect(settings.accessLogs.map(\.path) == ["/srv/logs/access.log"])
        #expect(settings.accessLogs.map(\.format.name) == ["combined"])
        let server = try #require(try http("server {}").listeners.first)
        #expect(server.endpoint == .inet(host: "0.0.0.0", port: 80))
    }

    @Test func `An inner block inherits a value, even one that follows it`() throws {
        let outer = try settings("server { location / {} client_max_body_size 3m; } send_timeout 5s;")
        #expect(outer.client.maxBodySize == 3 << 20)
        #expect(outer.client.sendTimeout == .seconds(5))
    }

    @Test func `An inner value overrides the outer one, only in its block`() throws {
        let body = "client_max_body_size 1k; server { location /a { client_max_body_size 2k; } location /b {} }"
        #expect(try settings(body, path: "/a").client.maxBodySize == 2048)
        #expect(try settings(body, path: "/b").client.maxBodySize == 1024)
        #expect(try settings(body, path: "/c").client.maxBodySize == 1024)
    }

    @Test func `A list is inherited or replaced as a whole`() throws {
        let body = """
            fastcgi_param A 1; fastcgi_param B 2;
            server {
                location /same {}
                location /own { fastcgi_param C 3; fastcgi_param C 4 if_not_empty; }
            }
            """
        #expect(try settings(body, path: "/same").fastCGI.params.map(\.name) == ["A", "B"])
        let own = try settings(body, path: "/own").fastCGI.params
        #expect(own.map(\.name) == ["C", "C"])
        #expect(own.map(\.ifNotEmpty) == [false, true])
    }

    @Test func `fastcgi_pass is not inherited`() throws {
        let body = "server { location /a { fastcgi_pass unix:/s; location /a/b {} } }"
        #expect(try settings(body, path: "/a").upstream.pass == 0)
        #expect(try settings(body, path: "/a/b").upstream.pass == nil)
    }

    @Test func `access_log off disables all logs of its block`() throws {
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

    @Test func `A very long time becomes a century, so that times do not overflow`() throws {
        let settings = try settings("send_timeout 9999999999; server {}")
        #expect(settings.client.sendTimeout == .seconds(100 * 365 * 86_400))
    }

    @Test func `Limits of connections and request heads are read and inherited`() throws {
        let body = """
            limit_conn_zone $binary_remote_addr zone=a:1m; limit_conn_zone $host zone=b:1m;
            limit_conn a 3; limit_conn b 4; limit_conn_status 429; limit_conn_log_level info; limit_conn_dry_run on;
            limit_req_log_level warn; limit_req_dry_run on;
            keepalive_requests 5; keepalive_time 2m; client_header_buffer_size 2k; large_client_header_buffers 2 1k;
            server { location /own { limit_conn b 1; keepalive_requests 0; } }
            """
        let outer = try settings(body)
        #expect(outer.connectionLimits.rules.map(\.limit) == [3, 4])
        #expect((outer.connectionLimits.status, outer.connectionLimits.logLevel) == (429, .info))
        #expect(outer.connectionLimits.isDryRun)
        #expect((outer.requestLimits.logLevel, outer.requestLimits.isDryRun) == (.warn, true))
        #expect((outer.client.keepaliveRequests, outer.client.keepaliveTime) == (5, .seconds(120)))
        #expect((outer.parsing.headerBuffers.requestLine, outer.parsing.headerBuffers.head) == (2048, 2048))
        let own = try settings(body, path: "/own")
        #expect(own.connectionLimits.rules == [ConnectionLimitRule(zone: 1, limit: 1)])
        #expect(own.client.keepaliveRequests == 0)
        let standard = try settings("server {}")
        #expect((standard.parsing.headerBuffers.requestLine, standard.parsing.headerBuffers.head) == (8192, 32768))
        #expect((standard.client.keepaliveRequests, standard.connectionLimits.status) == (1000, 503))
        let main = try load("worker_rlimit_nofile 99; worker_shutdown_timeout 3s; events {}").main
        #expect((main.descriptorLimit, main.shutdownTimeout) == (99, .seconds(3)))
    }

    @Test func `The retry settings are read and inherited`() throws {
        let body = """
            fastcgi_next_upstream error http_503 non_idempotent; fastcgi_next_upstream_tries 2;
            fastcgi_next_upstream_timeout 500ms; fastcgi_hide_header X-A; fastcgi_hide_header X-B;
            fastcgi_ignore_client_abort on;
            server { location /own { fastcgi_next_upstream off error; fastcgi_hide_header X-C; } }
            """
        let outer = try settings(body)
        #expect(outer.upstream.retry.conditions == [.error, .status503, .nonIdempotent])
        #expect((outer.upstream.retry.maxTries, outer.upstream.retry.timeout) == (2, .milliseconds(500)))
        #expect(outer.upstream.hiddenHeaders == ["x-a", "x-b"])
        #expect(outer.upstream.ignoresClientAbort)
        let own = try settings(body, path: "/own")
        #expect(own.upstream.retry.conditions.isEmpty)
        #expect(own.upstream.hiddenHeaders == ["x-c"])
        #expect(try settings("server {}").upstream.retry.conditions == [.error, .timeout])
    }

    @Test func `The load balancing method and keep-alive settings of an upstream are read`() throws {
        func upstream(_ body: String) throws -> Upstream {
            try #require(try http("upstream u { \(body) server 127.0.0.1:1; }").upstreams.first)
        }
        #expect(try upstream("ip_hash;").method == .addressHash)
        #expect(try upstream("hash $uri;").method == .hash(Template(parts: [.variable(.named(.uri))])))
        #expect(try upstream("hash a consistent;").method == .consistentHash(Template(literal: "a")))
        #expect(try upstream("random;").method == .random)
        #expect(try upstream("random two;").method == .randomTwo)
        #expect(try upstream("random two least_conn;").method == .randomTwo)
        #expect(try upstream("least_time header;").method == .leastTimeToHead)
        #expect(try upstream("least_time last_byte;").method == .leastTimeToEnd)
        let kept = try upstream("keepalive 3; keepalive_requests 5; keepalive_time 2m; keepalive_timeout 3s;")
        #expect((kept.keepalive, kept.keepaliveRequests) == (3, 5))
        #expect((kept.keepaliveTime, kept.keepaliveTimeout) == (.seconds(120), .seconds(3)))
        let plain = try upstream("queue 7; server 127.0.0.1:2 slow_start=30s;")
        #expect((plain.keepalive, plain.keepaliveRequests, plain.keepaliveTimeout) == (nil, 1000, .seconds(60)))
        #expect((plain.queue?.limit, plain.queue?.timeout) == (7, .seconds(60)))
        #expect(plain.servers.map(\.slowStart) == [.seconds(30), .zero])
        let twice = try load("events {} http { upstream u { ip_hash; least_conn; server 127.0.0.1:1; } }")
        #expect(twice.warnings.map(\.message) == ["load balancing method redefined"])
    }

    @Test func `The parameters of listen are read, from any server of the address`() throws {
        let listeners = try http(
            """
            server { listen 80; listen 81 so_keepalive=30m::10 deferred fastopen=5; }
            server { listen 80 proxy_protocol; listen 82 so_keepalive=off rcvbuf=8k sndbuf=1m; }
            """
        ).listeners
        #expect(listeners.map(\.hasProxyProtocol) == [true, false, false])
        #expect(listeners.map(\.options.keepalive) == [.system, .on(idle: 1800, interval: nil, count: 10), .off])
        #expect((listeners[1].options.isDeferred, listeners[1].options.fastOpen) == (true, 5))
        #expect((listeners[2].options.receiveBuffer, listeners[2].options.sendBuffer) == (8192, 1 << 20))
        #expect(try settings("real_ip_header proxy_protocol; server {}").realIP.header == .proxyProtocol)
    }

    @Test func `File settings are read and inherited, except try_files and stub_status`() throws {
        let body = """
            root data; index a.html /b.html; etag off; if_modified_since before;
            server {
                try_files /x =404; stub_status;
                location /same {}
                location /own/ { alias /there/; index c; try_files $uri $uri/ @x; location /own/within {} }
                location ~ p { alias /whole/$1; }
            }
            """
        let server = try settings(body, path: "/")
        #expect(server.files.root == DocumentRoot(Template(literal: "/srv/data")))
        #expect(server.files.tryFiles?.fallback == .status(404))
        #expect(server.content == .stubStatus)
        let same = try settings(body, path: "/same")
        #expect(same.files.index == [Template(literal: "a.html"), Template(literal: "/b.html")])
        #expect(!same.files.sendsETag)
        #expect((same.files.ifModifiedSince, same.files.tryFiles, same.content) == (.before, nil, .files))
        let own = try settings(body, path: "/own/")
        #expect(own.files.root == DocumentRoot(Template(literal: "/there/"), alias: .prefix(5)))
        #expect(own.files.tryFiles?.candidates.map(\.isFolder) == [false, true])
        #expect(try settings(body, path: "/own/within").files.root == own.files.root)
        #expect(try settings(body, path: "/own/within").files.index == [Template(literal: "c")])
        #expect(try settings("server {}").files.index == [Template(literal: "index.html")])
    }

    @Test func `FastCGI, buffering and connection settings are read and inherited`() throws {
        let body = """
            fastcgi_request_buffering off; fastcgi_buffering off; fastcgi_max_temp_file_size 2m;
            fastcgi_temp_path tmp/f 1 2; client_body_temp_path /b; fastcgi_index i.php;
            fastcgi_split_path_info ^(.+)(.*)$; fastcgi_catch_stderr a; fastcgi_catch_stderr b;
            fastcgi_ignore_headers X-Accel-Redirect Vary; fastcgi_pass_request_body off; fastcgi_pass_request_headers off;
            lingering_close always; lingering_time 1m; lingering_timeout 2s; reset_timedout_connection on;
            limit_rate 4k; limit_rate_after 1m; max_headers 7; server_tokens mine;
            server { location /own { fastcgi_ignore_headers X-Accel-Buffering; fastcgi_catch_stderr c; server_tokens off; } }
            """
        let outer = try settings(body)
        #expect((outer.upstream.buffering.buffersRequests, outer.upstream.buffering.buffersResponses) == (false, false))
        #expect(
            (outer.upstream.buffering.maxTempFileSize, outer.upstream.buffering.responseFolder) == (
                2 << 20, "/srv/tmp/f"
            )
        )
        #expect((outer.upstream.buffering.requestFolder, outer.fastCGI.index) == ("/b", Template(literal: "i.php")))
        #expect((outer.fastCGI.splitPathInfo, outer.fastCGI.caughtStderr.count) == (0, 2))
        #expect((outer.upstream.obeyedHeaders, outer.upstream.passesRequestBody) == ([.limitRate, .buffering], false))
        #expect((outer.upstream.passesRequestHeaders, outer.client.lingeringClose) == (false, .always))
        #expect((outer.client.lingeringTime, outer.client.lingeringTimeout) == (.seconds(60), .seconds(2)))
        #expect(
            (outer.client.resetsTimedOutConnections, outer.client.limitRate, outer.client.limitRateAfter) == (
                true, 4096, 1 << 20
            ))
        #expect((outer.parsing.maxHeaders, outer.response.serverTokens) == (7, Template(literal: "mine")))
        let own = try settings(body, path: "/own")
        #expect((own.upstream.obeyedHeaders, own.fastCGI.caughtStderr.count) == ([.redirect, .limitRate], 1))
        #expect((own.response.serverTokens, own.fastCGI.index) == (nil, outer.fastCGI.index))
        let standard = try settings("server {}")
        #expect(
            (standard.upstream.buffering.buffersRequests, standard.upstream.buffering.maxTempFileSize) == (
                true, 1 << 30
            ))
        #expect(
            (standard.client.lingeringClose, standard.client.lingeringTime, standard.client.limitRate) == (
                .on, .seconds(30), 0
            ))
        #expect(try http(body).temporaryFolders == ["/srv/tmp/f", "/b"])
    }

    @Test func `Error pages are read, and inherited as a whole`() throws {
        let body = """
            error_page 404 /missing; error_page 500 502 =503 @down; error_page 403 = /login?from=$uri;
            fastcgi_intercept_errors on;
            server { location /own { error_page 400 https://example.com/; } location @down {} }
            """
        let outer = try settings(body)
        #expect(outer.response.errorPages.map(\.statuses) == [[404], [500, 502], [403]])
        #expect(outer.response.errorPages.map(\.status) == [.kept, .replaced(503), .ofPage])
        #expect(outer.upstream.interceptsErrors)
        #expect(try settings(body, path: "/own").response.errorPages.map(\.statuses) == [[400]])
        let server = try #require(try http(body).servers.first)
        #expect(server.location(named: "@down") == 2)
        #expect(server.location(named: "@up") == nil)
        #expect(server.location(for: Array("@down".utf8).span) == 0)
    }

    @Test func `return, if and internal are not inherited, add_header and access rules are`() throws {
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
        #expect(server.response.addedHeaders.map(\.name) == ["A"])
        #expect(server.accessRules.map(\.isAllowed) == [false, true])
        let same = try settings(body, path: "/same")
        #expect(same.isInternal)
        #expect(same.rewriteSteps.isEmpty)
        #expect(same.accessRules == server.accessRules)
        #expect(try !settings(body, path: "/same/within").isInternal)
        let own = try settings(body, path: "/own")
        #expect(own.rewriteSteps == [.answer(ReturnRule(status: 204, text: nil))])
        #expect(own.response.addedHeaders.map(\.isAlways) == [true])
        #expect(own.accessRules == [AccessRule(isAllowed: true, network: nil)])
        #expect(own.response.mediaTypes.type(ofPath: Array("/a.b/c.X".utf8)) == "text/x")
        #expect(own.response.mediaTypes.type(ofPath: Array("/a.html".utf8)) == "a/b")
        #expect(same.response.mediaTypes.type(ofPath: Array("/a.html".utf8)) == "text/html")
    }

    @Test func `Every block inherits error_log from the main context`() throws {
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
