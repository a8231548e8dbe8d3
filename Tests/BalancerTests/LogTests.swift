import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Balancer

/// The access log and the error log: their lines, their buffers, and their files.
struct LogTests {
    @Test func `lines of the access log have nginx's variables and escapes`() throws {
        let node = try TestResponder { _ in [.stdout("X-Made: here\r\nContent-Length: 5\r\n\r\nhello"), .end()] }
        defer { node.stop() }
        let folder = TemporaryFolder()
        let path = folder.file("access")
        let harness = try Harness(
            [node.address],
            http: """
                log_format full '$remote_addr "$request" $status $body_bytes_sent "$http_x_a" $upstream_status '
                    '$sent_http_x_made $http_none $request_length $upstream_addr';
                """,
            location: "access_log \(path) full;")
        _ = try harness.ask("GET /a?b HTTP/1.1\r\nHost: t\r\nX-A: q\"x\r\n\r\n")
        try waitForLine(in: path)
        #expect(
            read(path) == "127.0.0.1 \"GET /a?b HTTP/1.1\" 200 5 \"q\\x22x\" 200 here - 40 \(node.address)\n")
        rename(path, path + ".1")
        harness.balancer.reopenLogs()
        _ = try harness.get("/")
        try waitForLine(in: path)
    }

    @Test func `bytes that could break a line of the access log are escaped`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("access")
        let harness = try Harness(
            ["unix:/none"], http: "log_format path $uri;", location: "return 204; access_log \(path) path;")
        for encoded in ["%1F", "%22", "%5C", "~", "%7F", "%80", "%FF"] { _ = try harness.get("/\(encoded)") }
        try waitForLine(in: path, with: "xFF")
        #expect(read(path) == "/\\x1F\n/\\x22\n/\\x5C\n/~\n/\\x7F\n/\\x80\n/\\xFF\n")
    }

    @Test func `a reload closes unused logs, and a log that cannot be opened again is reported`()
        throws
    {
        let folder = TemporaryFolder()
        let (first, second) = (folder.file("logs/1"), folder.file("logs/2"))
        let (unbuffered, errors) = (folder.file("unbuffered"), folder.file("errors"))
        mkdir(folder.file("logs"), 0o777)
        let log = Mutex(first)
        let harness = try Harness(
            text: """
                daemon off;
                error_log \(errors);
                events {}
                http {
                    server { listen 127.0.0.1:%PORT%; access_log \(log.withLock { $0 }); return 204; }
                }
                """)
        _ = try harness.get("/first")
        try waitForLine(in: first, with: "/first")
        log.withLock { $0 = second }
        #expect(harness.balancer.reload() == nil)
        _ = try harness.get("/second")
        try waitForLine(in: second, with: "/second")
        log.withLock { $0 = "\(second) combined buffer=64k flush=1h; access_log \(unbuffered)" }
        #expect(harness.balancer.reload() == nil)
        _ = try harness.get("/late")
        try waitForLine(in: unbuffered, with: "/late")
        #expect(!read(second).contains("/late"), "the line is still in the buffer")

        #expect(rename(folder.file("logs"), folder.file("gone")) == 0)
        harness.balancer.reopenLogs()
        #expect(read(errors).contains("[emerg]"))
        #expect(read(errors).contains("open() \"\(second)\" failed (2: No such file or directory)"))
        #expect(!read(errors).contains(first))
        harness.stop()
        #expect(read(folder.file("gone/2")).contains("/late"))
    }

    @Test func `the log has the refused request, and not the one before it`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("access")
        let harness = try Harness(
            ["unix:/none"],
            http: "log_format refused '$request|$status|$request_length|$http_x_a';",
            server: "access_log \(path) refused; client_header_timeout 100ms; location /s { return 200 x; }")
        let good = "GET /s HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n"
        let bad = "GET /bad HTTP/1.1\r\nHost: a\r\nX-A: 2\r\nA B: c\r\n\r\n"
        let late = "GET /late HTTP/1.1\r\nHost: a\r\nX-A: 3\r\n"
        for (rest, status) in [(bad, 400), (late, 408)] {
            let client = try harness.client()
            client.send(good + rest)
            #expect(try client.response().status == 200)
            #expect(try client.response().status == status)
        }
        try eventually("the log has 4 lines") { read(path).split(separator: "\n").count == 4 }
        let lines = read(path).split(separator: "\n")
        #expect(lines.contains("GET /bad HTTP/1.1|400|\(bad.utf8.count)|2"))
        #expect(lines.contains("GET /late HTTP/1.1|408|\(late.utf8.count)|3"))
    }

    @Test func `a log with a long flush interval does not delay another log`() throws {
        let folder = TemporaryFolder()
        let (seldom, soon) = (folder.file("seldom"), folder.file("soon"))
        let harness = try Harness(
            ["unix:/none"],
            server: """
                location /seldom { access_log \(seldom) combined buffer=64k flush=1h; return 204; }
                location /soon { access_log \(soon); return 204; }
                """)
        _ = try harness.get("/seldom")
        _ = try harness.get("/soon")
        try waitForLine(in: soon, with: "/soon")
        #expect(read(seldom).isEmpty)
        harness.stop()
        #expect(read(seldom).contains("/seldom"))
    }

    /// Waits until the file contains `text`, or any text if `text` is nil.
    private func waitForLine(in path: String, with text: String? = nil) throws {
        try eventually("\(path) contains \(text ?? "a line")") {
            let contents = read(path)
            return text.map(contents.contains) ?? !contents.isEmpty
        }
    }

    /// The contents of a file; empty if there is no such file.
    private func read(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
