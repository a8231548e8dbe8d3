import Testing

@testable import Balancer

/// Patterns in `location`, `server_name`, `if` and `map`.
struct LocationPatternTests {
    @Test func `a location's pattern comes after exact locations and ^~ prefixes, and its groups are variables`() throws
    {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            server: """
                location ~ "^/user/(?<name>\\w+)/(\\d+)$" { return 200 "$name $2 $1"; }
                location ~* \\.png$ { return 200 "picture"; }
                location ^~ /raw { return 200 "raw"; }
                location = /a.png { return 200 "exact"; }
                """)
        #expect(try harness.get("/user/ann/12").text == "ann 12 ann")
        #expect(try harness.get("/user/ann/x").text == "hello")
        #expect(try harness.get("/b.PNG").text == "picture")
        #expect(try harness.get("/raw/b.png").text == "raw")
        #expect(try harness.get("/a.png").text == "exact")
        #expect(node.requests.count == 1)
    }

    @Test func `server_name may be a pattern, and its groups keep their values when another pattern matches`()
        throws
    {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            http: """
                server {
                    listen 127.0.0.1:%PORT%; server_name "~^(?<user>\\w+)\\.people\\.test$" plain.test;
                    location / { return 200 "$user of $server_name"; }
                    location ~ "^/(?<page>\\w+)\\.html$" { return 200 "$page of $user, $1"; }
                }
                """)
        func get(_ path: String, _ host: String) throws -> String {
            try harness.ask("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n").text
        }
        #expect(try get("/", "Ann.people.test:80") == "ann of ~^(?<user>\\w+)\\.people\\.test$")
        #expect(try get("/a.html", "ann.people.test") == "a of ann, a")
        #expect(try get("/a.html", "plain.test") == "a of , a")
    }

    @Test func `the condition of if may be a pattern`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            location: """
                if ($http_user_agent ~* "(curl|wget)/") { return 403 "no $1"; }
                if ($arg_id !~ ^[0-9]*$) { return 400; }
                """)
        let curl = try harness.ask("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: CURL/8\r\n\r\n")
        #expect((curl.status, curl.text) == (403, "no CURL"))
        #expect(try harness.get("/?id=12").status == 200)
        #expect(try harness.get("/?id=1x").status == 400)
    }

    @Test func `map sets a variable by the value of others, by a pattern, or to the default`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            http: """
                map $arg_a $kind { default "none"; one 1; "~^t(?<rest>.+)" "t-$rest"; \\~x "tilde"; }
                map "$kind/$request_method" $both { 1/GET "got one"; default $kind; }
                map $circle $circle { x $circle; }
                """,
            server: "location /map { return 200 \"$both\"; } location /circle { return 200 \"<$circle>\"; }")
        for (argument, value) in [
            ("one", "got one"), ("ONE", "got one"), ("two", "t-wo"), ("~x", "tilde"), ("", "none"),
        ] {
            #expect(try harness.get("/map?a=\(argument)").text == value)
        }
        #expect(try harness.get("/circle").text == "<>")
    }

    @Test func `limit_req can use a map's variable as its key, and an empty key is not limited`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            http: """
                map $request_method $key { POST $binary_remote_addr; default ""; }
                limit_req_zone $key zone=posts:1m rate=1r/m;
                """, location: "limit_req zone=posts;")
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        #expect(try harness.ask(post).status == 200)
        #expect(try harness.ask(post).status == 503)
        #expect(try harness.get("/").status == 200)
    }

    @Test func `an invalid pattern is refused in nginx's words, with file and line`() {
        let text = "events {}\nhttp {\nserver {\nlisten unix:/tmp/mr-none.sock;\nlocation ~ a(b {}\n}\n}"
        let error = #expect(throws: BalancerError.self) {
            try Balancer(BalancerOptions(text: text, name: "t.conf", prefix: "/tmp/"))
        }
        #expect(error?.description == "pcre2_compile() failed: missing closing parenthesis in \"a(b\" in t.conf:5")
    }
}
