import Glibc
import Supervisor
import TestSupport
import Testing

@testable import Balancer

/// The directives and headers for FastCGI applications: script names, stderr, `X-Accel-Redirect`.
struct ScriptTests {
    @Test(arguments: [
        ("/a.php/b/c", "/a.php|/b/c"), ("/a.php", "/a.php|"), ("/dir/", "/dir/index.php|"), ("/x", "/x|"),
    ]) func `fastcgi_split_path_info splits a path into script name and path info`(path: String, expected: String)
        throws
    {
        let node = try TestResponder { [.stdout("\r\n\($0.params["S"] ?? "-")|\($0.params["P"] ?? "-")"), .end()] }
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            location: """
                fastcgi_index index.php; fastcgi_split_path_info ^(.+\\.php)(/.*)?$;
                fastcgi_param S $fastcgi_script_name; fastcgi_param P $fastcgi_path_info;
                """)
        #expect(try harness.get(path).text == expected)
    }

    @Test func `fastcgi_split_path_info must have two groups`() throws {
        let error = #expect(throws: BalancerError.self) {
            try Harness(["unix:/none"], location: "fastcgi_split_path_info ^(.+)$;")
        }
        #expect(error?.description.hasPrefix("pattern \"^(.+)$\" must have 2 captures in test.conf:") == true)
    }

    @Test func `fastcgi_catch_stderr makes a response invalid, so that another node is asked`() throws {
        let bad = try TestResponder { _ in [.stderr("PHP Fatal error: x"), .stdout("\r\nbad"), .end()] }
        let good = try TestResponder()
        defer { for node in [bad, good] { node.stop() } }
        let harness = try Harness(
            [bad.address, "\(good.address) backup"],
            location: "fastcgi_catch_stderr \"PHP Fatal error\"; fastcgi_next_upstream invalid_header;")
        #expect(try harness.get("/").text == "hello")
        let plain = try Harness([bad.address])
        #expect(try plain.get("/").text == "bad")
    }

    @Test func `fastcgi_pass_request_headers and fastcgi_pass_request_body can be off`() throws {
        let node = try TestResponder { request in
            [.stdout("\r\n\(request.params["HTTP_X_A"] ?? "-") \(request.body.count)"), .end()]
        }
        defer { node.stop() }
        for buffering in ["on", "off"] {
            let harness = try Harness(
                [node.address],
                location: """
                    fastcgi_pass_request_headers off; fastcgi_pass_request_body off;
                    fastcgi_request_buffering \(buffering);
                    """)
            let client = try harness.client()
            for _ in 0..<2 {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nX-A: b\r\nContent-Length: 200000\r\n\r\n")
                client.send(String(repeating: "x", count: 200_000))
                #expect(try client.response().text == "- 0")
            }
        }
    }

    @Test func `X-Accel-Redirect sends no request to a node without its body`() throws {
        let node = try TestResponder { request in
            let target = request.params["DOCUMENT_URI"] == "/first" ? "X-Accel-Redirect: /second\r\n" : ""
            return [.stdout("\(target)\r\n\(request.body.count)"), .end()]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address], http: "client_body_buffer_size 8k;", location: "fastcgi_request_buffering off;")
        for (size, status) in [(100, 200), (200_000, 500)] {
            let body = String(repeating: "a", count: size)
            let response = try harness.ask(
                "POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n\(body)")
            #expect(response.status == status)
            if status == 200 { #expect(response.text == "\(size)") }
        }
    }

    @Test func `X-Accel-Redirect leads to a file, and keeps some of the node's headers`() throws {
        let folder = TemporaryFolder()
        try folder.write("the file", to: "a b.txt")
        let node = try TestResponder { request in
            [
                .stdout(
                    "X-Accel-Redirect: \(request.uri)\r\nContent-Type: a/b\r\nSet-Cookie: c=d\r\nX-E: f\r\n\r\nbody"),
                .end(),
            ]
        }
        defer { node.stop() }
        let harness = try Harness(
            [node.address],
            server: """
                location /files/ { internal; alias \(folder.path)/; }
                location /named { return 404; }
                location @there { return 200 "there $uri"; }
                """)
        let response = try harness.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        #expect(response.status == 500, "the redirect leads to itself for ever")
        let nodeOfFiles = try TestResponder { _ in
            [
                .stdout(
                    "X-Accel-Redirect: /files/a%20b.txt\r\nContent-Type: a/b\r\nSet-Cookie: c=d\r\nX-E: f\r\n\r\nx"),
                .end(),
            ]
        }
        defer { nodeOfFiles.stop() }
        @Sendable func text(_ location: String) -> String {
            Harness.text(
                [nodeOfFiles.address], server: "location /files/ { internal; alias \(folder.path)/; }",
                location: location)
        }
        let files = try Harness(text: text(""))
        let client = try files.client()
        for _ in 0..<2 {
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            let response = try client.response()
            #expect((response.status, response.text) == (200, "the file"))
            #expect(response.field("Content-Type") == "a/b")
            #expect(response.field("Set-Cookie") == "c=d")
            #expect(response.field("X-E") == nil)
        }
        #expect(try files.get("/files/a%20b.txt").status == 404)
        let deaf = try Harness(text: text("fastcgi_ignore_headers X-Accel-Redirect;"))
        #expect(try deaf.get("/x").text == "x")
    }
}

/// Real FastCGI applications. `make test` installs their packages.
struct ApplicationTests {
    private static let phpFPM: String? = ["8.2", "8.3", "8.4", "8.5", ""].map { "/usr/sbin/php-fpm\($0)" }
        .first { access($0, X_OK) == 0 }
    private static let hasPerl: Bool = {
        let perl = try? Program("/usr/bin/perl", ["-MFCGI", "-e", "1"])
        return (try? perl?.waitForExit()) == .exited(code: 0)
    }()
    private static let isCI = getenv("CI") != nil

    private func socket() -> String { "/tmp/mr-\(UInt64.random(in: 0 ... .max)).sock" }

    private func ask(_ harness: Harness) throws {
        let client = try harness.client()
        let body = [UInt8](repeating: 0x78, count: 300_000)
        for number in 0..<3 {
            client.send("POST /app.x/info\(number)?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            client.send(body)
            let response = try client.response()
            #expect(response.status == 201)
            #expect(response.field("X-Made") == "here")
            #expect(response.text == "POST /app.x /info\(number) q=1 300000")
        }
        client.send("GET /app.x/large HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().body.count == 1_000_000)
        client.send("GET /app.x/fault HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().status == 201)
    }

    private func configuration(_ node: String, _ folder: String) -> String {
        Harness.text(
            ["unix:\(node)"], upstream: "keepalive 2;",
            location: """
                root \(folder); fastcgi_split_path_info ^(.+?\\.x)(/.*)$;
                fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                fastcgi_param SCRIPT_NAME $fastcgi_script_name;
                fastcgi_param PATH_INFO $fastcgi_path_info;
                """)
    }

    @Test(.enabled(if: phpFPM != nil || isCI)) func `PHP-FPM runs behind the balancer`() throws {
        let folder = TemporaryFolder()
        chmod(folder.path, 0o755)
        let socket = socket()
        defer { unlink(socket) }
        try folder.write(
            """
            <?php
            http_response_code(201);
            header("X-Made: here");
            $info = $_SERVER["PATH_INFO"] ?? "";
            if ($info == "/large") { echo str_repeat("y", 1000000); exit; }
            if ($info == "/fault") { error_log("something is wrong"); exit; }
            echo $_SERVER["REQUEST_METHOD"], " ", $_SERVER["SCRIPT_NAME"], " ", $info, " ",
                $_SERVER["QUERY_STRING"], " ", strlen(file_get_contents("php://input"));
            """, to: "app.x")
        let file = try folder.write(
            """
            [global]
            error_log = \(folder.path)/fpm.log
            daemonize = no
            [www]
            listen = \(socket)
            pm = static
            pm.max_children = 2
            security.limit_extensions = .x
            \(geteuid() == 0 ? "user = root\ngroup = root" : "")
            """, to: "fpm.conf")
        let fpm = try Program(
            try #require(Self.phpFPM), ["-n", "-F", "-y", file] + (geteuid() == 0 ? ["-R"] : []))
        try eventually("PHP-FPM listens") {
            if let exit = fpm.process.exit { throw TestFailure("\(exit): \(fpm.standardError)") }
            return access(socket, F_OK) == 0
        }
        try ask(try Harness(text: configuration(socket, folder.path)))
        fpm.process.signal(SIGTERM)
    }

    @Test(.enabled(if: hasPerl || isCI)) func `a Perl script with FCGI runs behind the balancer`() throws {
        let folder = TemporaryFolder()
        let socket = socket()
        defer { unlink(socket) }
        let file = try folder.write(
            """
            use FCGI;
            my $socket = FCGI::OpenSocket("\(socket)", 5);
            my $request = FCGI::Request(\\*STDIN, \\*STDOUT, \\*STDERR, \\%ENV, $socket);
            while ($request->Accept() >= 0) {
                my ($body, $count) = ("", 0);
                while (my $got = read(STDIN, $body, 65536)) { $count += $got; }
                my $info = $ENV{PATH_INFO};
                print "Status: 201 Created\\r\\nX-Made: here\\r\\nContent-Type: text/plain\\r\\n\\r\\n";
                if ($info eq "/large") { print "y" x 1000000; next; }
                if ($info eq "/fault") { print STDERR "something is wrong"; next; }
                print "$ENV{REQUEST_METHOD} $ENV{SCRIPT_NAME} $info $ENV{QUERY_STRING} $count";
            }
            """, to: "app.pl")
        let perl = try Program("/usr/bin/perl", [file])
        try eventually("the script listens") {
            if let exit = perl.process.exit { throw TestFailure("\(exit): \(perl.standardError)") }
            return access(socket, F_OK) == 0
        }
        try ask(try Harness(text: configuration(socket, folder.path)))
    }
}
