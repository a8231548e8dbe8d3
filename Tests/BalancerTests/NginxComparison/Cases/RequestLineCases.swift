/// Request lines: methods, targets, versions, paths.
enum RequestLineCases {
    static let stage = Stage(
        name: "request-lines", configuration: Stages.dumping(),
        cases: lines.map { line in Case.raw("line \(shown(line))", "\(line)\r\nHost: test\r\n\r\n") }
            + targets.map { Case.get("target \(shown($0))", $0) } + shapes)

    private static let lines = [
        "GET /dump HTTP/1.0", "GET /dump HTTP/1.1", "HEAD /dump HTTP/1.1", "HEAD /dump HTTP/1.0", "POST /dump HTTP/1.1",
        "PUT /dump HTTP/1.1", "DELETE /dump HTTP/1.1", "PATCH /dump HTTP/1.1", "OPTIONS /dump HTTP/1.1",
        "OPTIONS * HTTP/1.1", "GET * HTTP/1.1", "TRACE /dump HTTP/1.1", "CONNECT test:80 HTTP/1.1",
        "CONNECT / HTTP/1.1", "PROPFIND /dump HTTP/1.1", "LOCK /dump HTTP/1.1", "FOO /dump HTTP/1.1",
        "FOO_BAR /dump HTTP/1.1", "FOO-BAR /dump HTTP/1.1", "get /dump HTTP/1.1", "G@T /dump HTTP/1.1",
        "M\("E".times(40))THOD /dump HTTP/1.1",
        "GET /dump HTTP/1.2", "GET /dump HTTP/1.9", "GET /dump HTTP/1.10", "GET /dump HTTP/0.9", "GET /dump HTTP/2.0",
        "GET /dump HTTP/3.0", "GET /dump HTTP/9.9", "GET /dump http/1.1", "GET /dump HTTP/1", "GET /dump HTTP/1.",
        "GET /dump HTTP/11", "GET /dump HTTP/1.1x", "GET /dump HTTP/ 1.1", "GET /dump HTTPS/1.1", "GET /dump HTTP/01.1",
        "GET  /dump HTTP/1.1", "GET /dump  HTTP/1.1", "GET /dump HTTP/1.1 ", " GET /dump HTTP/1.1",
        "GET\t/dump HTTP/1.1", "GET /dump\tHTTP/1.1", "GET /dump", "GET", "GET dump HTTP/1.1", "GET ?a HTTP/1.1",
        "GET /a b HTTP/1.1", "GET /dump\u{1} HTTP/1.1", "GET /du\0mp HTTP/1.1", "GET /dump\u{7f} HTTP/1.1",
        "GET http://other/dump HTTP/1.1", "GET HTTP://OTHER/dump HTTP/1.1", "GET https://other/dump HTTP/1.1",
        "GET http://other:81/dump?q HTTP/1.1", "GET http://other HTTP/1.1", "GET http://other?q HTTP/1.1",
        "GET http:///dump HTTP/1.1", "GET http://u@other/dump HTTP/1.1", "GET ftp://other/dump HTTP/1.1",
        "GET http://[::1]/dump HTTP/1.1", "GET http://other/dump HTTP/1.0", "GET http:/dump HTTP/1.1",
        "PRI * HTTP/2.0",
    ]

    private static let targets = [
        "/", "//", "//dump", "/a//b", "/a/./b", "/a/../b", "/a/..", "/a/.", "/./", "/../", "/..", "/a/../../b",
        "/a/.../b", "/a/..b", "/a/b..", "/.a", "/%2e/", "/a/%2e%2e/b", "/a/%2E./b", "/%2e%2e/", "/a%2fb", "/a%2Fb",
        "/a%2f%2fb", "/a/%2e%2e%2fb", "/%00", "/a%00b", "/a%", "/a%z", "/a%4", "/a%zz", "/%41", "/%c3%a9", "/%ff",
        "/%20", "/a+b", "/a;b", "/a;b=c/d", "/a:b", "/a@b", "/a&b", "/a=b", "/a,b", "/a'b", "/a\"b", "/a<b>", "/a\\b",
        "/a|b", "/a^b", "/a`b", "/a{b}", "/~a", "/a!b", "/a*b", "/a(b)", "/a$b", "/a[b]", "/é", "/a#f", "/a?#f",
        "/a?", "/a?b", "/a?b=c&d=e", "/a??", "/a?b?c", "/a?%20", "/a?%00", "/a?%zz", "/a?/../b", "/a?//", "/a?b#c",
        "/a?é", "/a?\"", "/a?<>", "/%25", "/%2525", "/%2541", "/a%0ab", "/a%0d%0ab", "/a%09b", "/a%7fb", "/a%3fb",
        "/a%23b", "/last/", "/Last", "/\("a".times(1000))", "/\("a".times(7000))", "/\("a".times(9000))",
        "/?\("q".times(7000))", "/?\("q".times(9000))", "/\("a/".times(1000))",
    ]

    private static let shapes: [Case] = [
        .raw("an empty line before the request", "\r\n" + Case.request("GET", "/dump", [])),
        .raw("two empty lines before the request", "\r\n\r\n" + Case.request("GET", "/dump", [])),
        .raw("bare line feeds throughout", "GET /dump HTTP/1.1\nHost: test\n\n"),
        .raw("a bare carriage return after the line", "GET /dump HTTP/1.1\rHost: test\r\n\r\n"),
        .raw("a line that comes in pieces", "GE", "T /du", "mp HTTP/1.", "1\r\nHost: te", "st\r\n", "\r\n"),
        .raw("three requests at once", Case.request("GET", "/a", []).times(3)),
        .raw(
            "HEAD, GET and HEAD at once",
            ["HEAD", "GET", "HEAD"].map { Case.request($0, "/a", []) }.joined()),
        .raw("a TLS hello", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}", isUnended: true),
        .raw("nothing but an end", "", isUnended: true),
        .raw("half a line", "GET /du", isUnended: true),
        .raw("HTTP/0.9", "GET /dump\r\n", isUnended: true),
    ]

    private static func shown(_ text: String) -> String {
        text.utf8.count > 100 ? "\(text.prefix(6))… of \(text.utf8.count)" : "\"\(Transcript.printable(text.utf8))\""
    }
}

extension String {
    func times(_ count: Int) -> String { String(repeating: self, count: count) }
}
