import NginxConfig
import Testing

struct SelectionTests {
    @Test(arguments: [
        ("/", "/"), ("/x", "/"), ("/task", "/task"), ("/task/1", "/task/"), ("/exact", "=/exact"), ("/exact/", "/"),
        ("/static/a", "^~/static"), ("/static/deep/a", "/static/deep"), ("/static/deep/one", "=/static/deep/one"),
        ("", "server"),
    ])
    func `An exact location wins, then the longest prefix`(_ path: String, _ expected: String) throws {
        let server = try http(
            """
            server {
                location / {}
                location /task {}
                location = /exact {}
                location /task/ {}
                location ^~ /static {
                    location /static/deep { location = /static/deep/one {} }
                }
            }
            """
        ).servers[0]
        let match = server.locations[server.location(for: Array(path.utf8).span)].match
        let name =
            switch match {
            case .server: "server"
            case .exact(let path): "=\(path)"
            case .prefix(let path), .named(let path): path
            case .finalPrefix(let path): "^~\(path)"
            case .pattern(let text, _): "~\(text)"
            }
        #expect(name == expected)
    }

    @Test(arguments: [
        ("/", "/"), ("/a.php", "\\.php$"), ("/static/a.php", "/static"), ("/exact.php", "/exact.php"),
        ("/api/x", "/api"), ("/api/x.json", "\\.json$"), ("/api/v1.php", "\\.php$"), ("/dir/a.php", "/dir/a.php"),
        ("/dir/b.php", "\\.php$"), ("/1/users", "^/\\d+"), ("/1/users/x", "/1/users/x"),
    ])
    func `A regular expression overrides a prefix without ^~, and the innermost ones come first`(
        _ path: String, _ expected: String
    ) throws {
        let http = try http(
            """
            server {
                location / {}
                location = /exact.php {}
                location ^~ /static {}
                location /api { location ~ \\.json$ {} }
                location /dir { location = /dir/a.php {} }
                location ~ \\.php$ {}
                location ~ "^/\\d+" { location /1/users/x {} }
                location ~* \\.JSON$ {}
            }
            """)
        let server = http.servers[0]
        let found = server.location(for: Array(path.utf8).span) { index in
            switch http.patterns[index].text {
            case "\\.json$": path.hasSuffix(".json")
            case "\\.php$": path.hasSuffix(".php")
            case "^/\\d+": path.dropFirst().first?.isNumber == true
            default: false
            }
        }
        #expect(server.locations[found].match.path == expected)
        #expect(http.patterns.map(\.ignoresCase) == [false, false, false, true])
    }

    @Test func `A nested exact location matches only if its outer prefix was chosen`() throws {
        let server = try http("server { location /a { location = /a/b/c {} } location /a/b {} }").servers[0]
        let match = server.locations[server.location(for: Array("/a/b/c".utf8).span)].match
        #expect(match == .prefix("/a/b"))
    }

    @Test(arguments: [
        ("example.com", 1), ("EXAMPLE.com", 1), ("example.com.", 1), ("www.example.com", 2), ("a.b.example.com", 2),
        ("api.example.com", 3), ("x.api.example.com", 4), ("mail.example.org", 5), ("mail.example", 5), ("mail", 0),
        ("mail.", 0), ("both.test", 6), ("x.both.test", 6), ("xboth.test", 0), ("", 7), (".example.com", 0),
        ("nowhere", 0), (".", 7),
    ])
    func `The host chooses the server: the exact name, then a wildcard, then the default`(
        _ host: String, _ expected: Int
    ) throws {
        let http = try http(
            """
            server { listen 80; server_name first; }
            server { listen 80; server_name Example.com; }
            server { listen 80; server_name *.example.com; }
            server { listen 80; server_name api.example.com; }
            server { listen 80; server_name *.api.example.com; }
            server { listen 80; server_name mail.*; }
            server { listen 80; server_name .both.test; }
            server { listen 80; server_name ""; }
            """)
        #expect(http.listeners[0].server(for: Array(host.utf8).span) == expected)
    }

    @Test func `Regular expressions come last, in the order of the file, and ignore case if they have capital letters`()
        throws
    {
        let http = try http(
            """
            server { server_name first; }
            server { server_name ~a$ "~^b(?<rest>.*)$"; }
            server { server_name *.x.test ~B; }
            server { location / { return 200 "$rest"; } }
            """)
        #expect(http.patterns.map(\.text) == ["a$", "^b(?<rest>.*)$", "B"])
        #expect(http.patterns.map(\.ignoresCase) == [false, false, true])
        let listener = http.listeners[0]
        var asked: [Int] = []
        func server(_ host: String, _ matching: Int?) -> Int {
            asked = []
            return listener.server(for: Array(host.utf8).span) {
                asked.append($0)
                return $0 == matching
            }
        }
        #expect(server("y.x.test", 0) == 2 && asked == [])
        #expect(server("y", 1) == 1 && asked == [0, 1])
        #expect(server("y", 2) == 2 && asked == [0, 1, 2])
        #expect(server("y", nil) == 0)
        #expect(listener.needsHost)
        #expect(try NginxConfigTests.http("server { server_name ~a; }").listeners[0].needsHost)
        #expect(try !NginxConfigTests.http("server { server_name a; }").listeners[0].needsHost)
    }

    @Test func `default_server answers for unknown names, only on its address`() throws {
        let http = try http(
            """
            server { listen 80; listen 127.0.0.1:81; listen [::]:80 ipv6only=off; server_name a; }
            server { listen *:80 default_server backlog=99 reuseport; listen unix:/s; server_name b; }
            """)
        #expect(
            http.listeners.map(\.endpoint.description) == ["0.0.0.0:80", "127.0.0.1:81", "[::]:80", "unix:/s"])
        #expect(http.listeners.map(\.defaultServer) == [1, 0, 0, 1])
        #expect(http.listeners[0].options.backlog == 99)
        #expect(http.listeners[0].options.reusePort)
        #expect(!http.listeners[2].options.ipv6Only)
        #expect(http.listeners[0].server(for: Array("a".utf8).span) == 0)
        #expect(http.listeners[3].server(for: Array("a".utf8).span) == 1)
    }

    @Test func `Two servers with the same name cause a warning, and the first one gets it`() throws {
        let configuration = try load("events {} http {\nserver { server_name a; }\nserver { server_name a; }\n}")
        #expect(configuration.warnings.map(\.message) == ["conflicting server name \"a\" on 0.0.0.0:80, ignored"])
        #expect(configuration.http?.listeners[0].server(for: Array("a".utf8).span) == 0)
    }
}
