/// Header lines: their syntax, their limits, the headers that the server evaluates, and the params that a node gets.
enum HeaderCases {
    static let stage = Stage(
        name: "headers",
        configuration: """
            large_client_header_buffers 4 2k;
            \(Stages.dumping())
            server {
                listen 127.0.0.1:%PORT%;
                server_name other *.wild.example tail.*;
                location = /last { return 200 "last"; }
                location / { fastcgi_pass node; \(Stages.params) }
            }
            """,
        cases: lines.map { name, fields in Case.raw(name, "GET /dump HTTP/1.1\r\nHost: test\r\n\(fields)\r\n\r\n") }
            + hosts.map {
                Case.raw("host \"\(Transcript.printable($0.utf8))\"", "GET /dump HTTP/1.1\r\nHost: \($0)\r\n\r\n")
            } + shapes)

    private static let lines: [(String, String)] = [
        ("a plain header", "X-A: b"), ("a header without a blank", "X-A:b"), ("an empty value", "X-A:"),
        ("blanks around a value", "X-A:   b \t "), ("a tab before a value", "X-A:\tb"), ("a tab within", "X-A: a\tb"),
        ("a name in capitals", "X-ABC: b"), ("a name in small letters", "x-abc: b"), ("digits in a name", "X-1: b"),
        ("an underscore in a name", "X_A: b"), ("an underscore beside a hyphen", "X-A: 1\r\nX_A: 2"),
        ("a point in a name", "X.A: b"), ("a plus in a name", "X+A: b"), ("a blank in a name", "X A: b"),
        ("a blank before the colon", "X-A : b"), ("a tab before the colon", "X-A\t: b"),
        ("no colon", "X-A"), ("no name", ": b"), ("a folded line", "X-A: a\r\n b"),
        ("a folded line with a tab", "X-A: a\r\n\tb"),
        ("a NUL in a value", "X-A: a\0b"), ("a NUL in a name", "X\0A: b"),
        ("a control byte in a value", "X-A: a\u{1}b"),
        ("a control byte in a name", "X\u{1}A: b"), ("a delete in a value", "X-A: a\u{7f}b"),
        ("a bare carriage return in a value", "X-A: a\rb"), ("a carriage return before the end", "X-A: a\r"),
        ("a bare line feed after a field", "X-A: a\nX-B: b"), ("UTF-8 in a value", "X-A: é"),
        ("UTF-8 in a name", "é: a"),
        ("a header twice", "X-A: 1\r\nX-A: 2"), ("a header three times", "X-A: 1\r\nX-B: x\r\nX-A: 2\r\nx-a: 3"),
        ("a cookie", "Cookie: a=b; c=d"), ("two cookies", "Cookie: a=b\r\nCookie: c=d"),
        ("Proxy", "Proxy: http://evil"), ("Accept twice", "Accept: a/b\r\nAccept: c/d"),
        ("X-Forwarded-For twice", "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8"),
        ("User-Agent twice", "User-Agent: a\r\nUser-Agent: b"), ("Authorization", "Authorization: Basic dTpw"),
        ("Authorization twice", "Authorization: Basic dTpw\r\nAuthorization: Basic dTpx"),
        ("Referer", "Referer: http://a/"), ("Content-Type on GET", "Content-Type: a/b"),
        ("Content-Type twice", "Content-Type: a/b\r\nContent-Type: c/d"), ("Range", "Range: bytes=0-1"),
        ("If-Modified-Since", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"),
        ("If-None-Match", "If-None-Match: *"),
        ("If-Match", "If-Match: \"x\""), ("If-Unmodified-Since", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Host twice", "Host: test"), ("another Host behind it", "Host: other"),
        ("Connection: close", "Connection: close"), ("Connection: keep-alive", "Connection: keep-alive"),
        ("Connection in capitals", "Connection: CLOSE"), ("Connection with a list", "Connection: x, close"),
        ("Connection names a header", "Connection: X-Secret\r\nX-Secret: 1"),
        ("Connection twice", "Connection: x\r\nConnection: close"),
        ("Keep-Alive", "Keep-Alive: timeout=5"), ("TE", "TE: trailers"),
        ("Upgrade", "Connection: upgrade\r\nUpgrade: websocket"),
        (
            "HTTP/2 upgrade",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"
        ),
        ("Proxy-Connection", "Proxy-Connection: keep-alive"), ("Proxy-Authorization", "Proxy-Authorization: x"),
        ("Trailer", "Trailer: x"), ("Expect on GET", "Expect: 100-continue"), ("an unknown expectation", "Expect: tea"),
        ("a header named Status", "Status: 1"), ("a header named Content", "Content: 1"),
        ("a header that a param would be", "Remote-Addr: 6.6.6.6"), ("a long value", "X-A: " + "a".times(1900)),
        ("a value beyond its buffer", "X-A: " + "a".times(2100)),
        ("a name beyond its buffer", "X-" + "a".times(2100) + ": 1"),
        ("headers beyond all buffers", (0..<6).map { "X-\($0): " + "a".times(1900) }.joined(separator: "\r\n")),
        ("60 headers", (0..<60).map { "X-\($0): \($0)" }.joined(separator: "\r\n")),
        ("120 headers", (0..<120).map { "X-\($0): \($0)" }.joined(separator: "\r\n")),
    ]

    private static let hosts = [
        "TEST", "test:80", "test:", "test:x", "test:99999", "test.", "unknown", "other", "OTHER", "a.wild.example",
        "wild.example", "tail.com", "tail.co.uk", "127.0.0.1", "[::1]", "[::1]:80", "[::1", "a b", "a/b", "a\\b", "a@b",
        "a,b", "a..b", ".a", "-a", "a_b", "a%41", "é", "a\tb", "a\0b", "", " ", "a?b", "a#b", "a:1:2",
    ]

    private static let shapes: [Case] = [
        .raw("no Host", "GET /dump HTTP/1.1\r\n\r\n"),
        .raw("no Host in HTTP/1.0", "GET /dump HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        .raw("HTTP/1.0 with keep-alive", "GET /dump HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n"),
        .raw("HTTP/1.0 with close", "GET /dump HTTP/1.0\r\nHost: test\r\nConnection: close\r\n\r\n"),
        .raw("an absolute form over the Host", "GET http://other/dump HTTP/1.1\r\nHost: test\r\n\r\n"),
        .raw("an absolute form without a Host", "GET http://other/dump HTTP/1.1\r\n\r\n"),
        .raw("an absolute form without a Host in HTTP/1.0", "GET http://other/dump HTTP/1.0\r\n\r\n"),
        .raw("a blank before the first header", "GET /dump HTTP/1.1\r\n Host: test\r\n\r\n"),
        .raw("bare line feeds between headers", "GET /dump HTTP/1.1\r\nHost: test\nX-A: b\n\r\n"),
        .raw("a bare line feed at the end", "GET /dump HTTP/1.1\r\nHost: test\r\n\n"),
        .raw("headers in pieces", "GET /dump HTTP/1.1\r\nHo", "st: test\r", "\nX-A", ": b\r\n\r", "\n"),
        .raw("headers without an end", "GET /dump HTTP/1.1\r\nHost: test\r\n", isUnended: true),
    ]
}
