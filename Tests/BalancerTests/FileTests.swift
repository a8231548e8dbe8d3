import Glibc
import TestSupport
import Testing

@testable import Balancer

/// Static files: `root`, `alias`, `index`, `try_files`, and `stub_status`.
struct FileTests {
    /// A folder with files, and a configuration that serves them.
    private struct Site {
        let folder = TemporaryFolder()
        let text: String
        let big: String

        init(node: String) throws {
            for name in ["site", "site/sub", "site/empty", "other"] { mkdir(folder.file(name), 0o755) }
            big = String(repeating: "0123456789abcdef", count: 400_000)
            let files = [
                "site/index.html": "<p>start</p>", "site/a.txt": "plain text", "site/sub/index.htm": "sub",
                "site/none": "no ending", "site/nothing.txt": "", "site/a b%.txt": "odd", "site/big.bin": big,
                "other/x.css": "css", "other/page.html": "error page", "secret": "secret",
            ]
            for (name, contents) in files {
                let path = try folder.write(contents, to: name)
                let times = [timespec(tv_sec: 784_111_777, tv_nsec: 0), timespec(tv_sec: 784_111_777, tv_nsec: 0)]
                utimensat(AT_FDCWD, path, times, 0)
            }
            symlink(folder.file("secret"), folder.file("site/link"))
            // Let every user read the folder, so that nginx's workers see the same files.
            chmod(folder.path, 0o755)
            text = Harness.text([node]).replacing(
                "location / {",
                with: """
                    root \(folder.path)/site;
                    index index.html index.htm;
                    types { text/html html htm; text/css css; application/x-bin bin; }
                    default_type text/plain;
                    location /files/ { alias \(folder.path)/site/; }
                    location /sub/ {}
                    location /a {}
                    location /empty {}
                    location /n {}
                    location /big {}
                    location /link {}
                    location = / {}
                    location = /index.html {}
                    location /other/ { root \(folder.path); error_page 404 /other/page.html; }
                    location /try/ { try_files $uri /other/x.css; }
                    location /try-node/ { try_files /nothing /node; }
                    location /try-code/ { try_files /nothing =410; }
                    location /try-folder/ { try_files /sub/ =404; }
                    location /try-named/ { try_files /nothing @named; }
                    location /variable { try_files $arg_f =404; }
                    location @named { return 200 "named $uri"; }
                    location ~ ^/re/(.*)$ { alias \(folder.path)/other/$1; }
                    location /loop { try_files /nothing /loop; }
                    location / {
                    """, maxReplacements: 1)
        }
    }

    private static let requests: [String] = {
        var requests = [
            "/", "/index.html", "/a.txt", "/none", "/nothing.txt", "/sub/", "/sub", "/sub?a=b", "/empty/", "/empty",
            "/a%20b%25.txt", "/a.missing", "/files/a.txt", "/files/", "/files/sub", "/files/missing", "/link",
            "/other/x.css", "/try/a", "/try-node/x", "/try-code/x", "/try-folder/x", "/try-named/x?y",
            "/variable?f=/a.txt", "/variable?f=/missing", "/re/x.css", "/re/none", "/loop", "/files/../../secret",
            "/a.txt/", "/a.txt/x", "/%2e%2e/secret", "/other/missing",
        ].map { "GET \($0) HTTP/1.1\r\nHost: test\r\n" }
        requests += ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"].flatMap { method in
            ["/a.txt", "/", "/sub", "/empty/", "/a.missing"].map {
                "\(method) \($0) HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n"
            }
        }
        // Only some preconditions and ranges. FileConditionsTests tests all of them.
        requests += [
            "Range: bytes=-3", "Range: bytes=20-", "If-None-Match: \"2ebc98a1-a\"", "If-Match: \"x\"",
            "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
        ].map { "GET /a.txt HTTP/1.1\r\nHost: test\r\n\($0)\r\n" }
        return requests
    }()

    private static func summary(_ response: RawClient.Response, port: String) -> [String] {
        let names = [
            "Content-Type", "Content-Length", "Last-Modified", "ETag", "Content-Range", "Accept-Ranges", "Location",
        ]
        // The two servers have different texts for their own errors, so only the texts of configured error pages are
        // compared.
        let isWorded = response.status >= 300 && !response.text.contains("error page")
        let fields = names.filter { !isWorded || !["Content-Type", "Content-Length"].contains($0) }.map { name in
            "\(name): \(response.field(name)?.replacing(port, with: "PORT") ?? "-")"
        }
        return ["\(response.status)"] + fields + (isWorded ? [] : [response.text])
    }

    @Test(.enabled(if: StockNginx.isPresent)) func `files are served as by nginx`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let site = try Site(node: node.address)
        let (harness, nginx) = (try Harness(text: site.text), try NginxProcess(text: site.text))
        func port(_ address: String) -> String { String(address.split(separator: ":").last ?? "") }
        for request in Self.requests {
            let text = request + "Connection: close\r\n\r\n"
            var whose = "the balancer"
            do {
                let own = Self.summary(try harness.ask(text), port: port(harness.address))
                whose = "nginx"
                let other = Self.summary(
                    try nginx.ask(text, isHead: text.hasPrefix("HEAD")), port: port(nginx.address))
                #expect(own == other, "\(request)")
            } catch {
                Issue.record("\(error): \(request), \(whose)")
            }
        }
    }

    @Test func `a slow client gets a large file completely, and the connection stays open`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let site = try Site(node: node.address)
        let harness = try Harness(text: site.text)
        let client = try RawClient(harness.address, receiveBuffer: 64 * 1024)
        client.send("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        // The client reads nothing until its socket is nearly full.
        try client.waitForUnread(32 * 1024)
        let response = try client.response()
        #expect(response.field("Content-Length") == "6400000")
        #expect(response.text == site.big)
        #expect(try client.response().text == "plain text")
        // A client that disconnects in the middle of a file disturbs no other client.
        let quitter = try RawClient(harness.address, receiveBuffer: 64 * 1024)
        quitter.send("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try quitter.receive()
        #expect(try harness.get("/a.txt").text == "plain text")
    }

    @Test func `a file may have any name and any date`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let site = try Site(node: node.address)
        let harness = try Harness(text: site.text)
        // The name is Latin-1, and not valid UTF-8. The date is far in the future.
        let name: [CChar] = site.folder.file("site/a").utf8CString.dropLast() + [CChar(bitPattern: 0xE9), 0]
        let descriptor = open(name, O_WRONLY | O_CREAT, 0o644)
        write(descriptor, "odd", 3)
        let time = timespec(tv_sec: 9_000_000_000_000, tv_nsec: 0)
        futimens(descriptor, [time, time])
        close(descriptor)
        let response = try harness.get("/a%e9")
        #expect((response.status, response.text) == (200, "odd"))
    }

    @Test func `neither a path nor a variable leads out of the folder`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let site = try Site(node: node.address)
        let harness = try Harness(text: site.text)
        for path in ["/variable?f=/../secret", "/variable?f=/sub/../../secret", "/files/..%2f..%2fsecret"] {
            let response = try harness.get(path)
            #expect(response.status >= 400 || response.text == "hello")
            #expect(response.text != "secret")
        }
    }

    @Test func `an error page may be a file, also for a malformed request`() throws {
        let node = try TestResponder()
        defer { node.stop() }
        let site = try Site(node: node.address)
        let harness = try Harness(
            text: site.text.replacing(
                "index index.html index.htm;",
                with: "index index.html index.htm; error_page 400 502 /a.txt;"))
        let response = try harness.ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        #expect(response.status == 400)
        #expect(response.text == "plain text")
        node.stop()
        let down = try harness.get("/elsewhere")
        #expect((down.status, down.text) == (502, "plain text"))
    }

    @Test(arguments: [1, 3]) func `stub_status counts the connections of all loops`(_ workers: Int) throws {
        let gate = Gate(isOpen: false)
        defer { gate.open() }
        let node = try TestResponder { _ in [.pass(gate), .stdout("\r\nlate"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            [node.address], server: "location = /status { stub_status; }", workers: workers)
        let idle = try harness.client()
        idle.send("GET /status HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try idle.response()
        let busy = try harness.client()
        busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try node.waitForRequests(1)
        let status = try harness.get("/status")
        #expect(status.field("Content-Type") == "text/plain")
        #expect(
            status.text
                == "Active connections: 3 \nserver accepts handled requests\n 3 3 3 \nReading: 0 Writing: 2 Waiting: 1 \n"
        )
        #expect(try harness.ask("POST /status HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").status == 405)
    }
}
