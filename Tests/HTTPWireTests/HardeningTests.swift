import HTTPWire
import Testing

/// One table per rule. Each row is a request that two recipients could read differently, or that some programs behind
/// the proxy cannot handle.
@Suite struct HardeningTests {
    private func status(_ lines: String...) -> Int {
        Summary(lines.joined(separator: "\r\n") + "\r\n\r\n").status
    }

    @Test(arguments: [
        "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: identity\r\nContent-Length: 0",
    ])
    func `Content-Length with Transfer-Encoding is 400`(fields: String) {
        #expect(status("POST / HTTP/1.1", "Host: a", fields) == 400)
    }

    @Test(arguments: [
        "gzip", "identity", "gzip, chunked", "chunked, gzip", "chunked, chunked", "xchunked", "chunkedx", "chunked;a=b",
        "\"chunked\"", "", ",chunked", "chunked,", "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: identity",
    ])
    func `a Transfer-Encoding other than chunked is 501`(value: String) {
        #expect(status("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: \(value)") == 501)
    }

    @Test(arguments: ["chunked", "CHUNKED", "  chunked \t"])
    func `chunked is recognised in upper and lower case`(value: String) {
        let summary = Summary("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \(value)\r\n\r\n0\r\n\r\n")
        #expect(summary.error == nil)
        #expect(summary.isComplete)
    }

    @Test func `Transfer-Encoding in HTTP/1.0 is 400`() {
        #expect(status("POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked") == 400)
    }

    @Test(arguments: ["5", "6", "05"])
    func `a second Content-Length is 400, even the same one`(second: String) {
        #expect(status("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "content-length: \(second)") == 400)
    }

    @Test(arguments: ["a", "b"])
    func `a second Host is 400, even the same one`(second: String) {
        #expect(status("GET / HTTP/1.1", "Host: a", "host: \(second)") == 400)
    }

    @Test(arguments: ["Basic YTpi", "Bearer c"])
    func `a second Authorization is 400, even the same one`(second: String) {
        #expect(status("GET / HTTP/1.1", "Host: a", "Authorization: Basic YTpi", "authorization: \(second)") == 400)
    }

    @Test(arguments: [
        "", "+5", "-5", "5,5", "5 5", "0x5", "5a", "5.0", "\"5\"", "٥", "9223372036854775808",
        "18446744073709551616", "99999999999999999999999999",
    ])
    func `a Content-Length that has other bytes than digits or does not fit is 400`(value: String) {
        #expect(status("POST / HTTP/1.1", "Host: a", "Content-Length: \(value)") == 400)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\rHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\rX: a\r\n\r\n",
        "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `a bare CR is 400`(request: String) {
        #expect(Summary(request).error == .bareCarriageReturn)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "\nGET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
    ])
    func `a bare LF is 400`(request: String) {
        #expect(Summary(request).error == .bareLineFeed)
    }

    @Test(arguments: ["\0", "\u{1}", "\u{8}", "\u{b}", "\u{c}", "\u{1b}", "\u{7f}"])
    func `NUL and other control bytes are 400 anywhere in the head`(byte: String) {
        for request in [
            "GET /\(byte) HTTP/1.1\r\nHost: a", "G\(byte)T / HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nHost: a\(byte)",
            "GET / HTTP/1.1\r\nHost: a\r\nX\(byte): b", "GET / HTTP/1.1\r\nHost: a\r\nX: \(byte)b",
        ] {
            #expect(Summary(request + "\r\n\r\n").error == .controlByte)
        }
    }

    @Test(arguments: ["X: a\r\n b", "X: a\r\n\tb", " X: a", "\tX: a", "X: a\r\n "])
    func `a folded header line is 400`(fields: String) {
        #expect(Summary("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n").error == .foldedField)
    }

    @Test(arguments: ["X : a", "X\t: a", "X Y: a", "X", ": a", "Host : b", "é: a", "Transfer-Encoding : chunked"])
    func `a blank before the colon, a missing colon or name, or a name that is not ASCII is 400`(field: String) {
        #expect(Summary("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n").error == .malformedField)
    }

    @Test(arguments: [
        "X_Forwarded_For: 1", "Content_Length: 7", "Transfer_Encoding: x", "X.Y: 1", "X!: 1", "X@Y: 1", "X(Y): 1",
        "Proxy: http://evil", "PROXY: http://evil",
    ])
    func `headers whose names must not become CGI variables are dropped`(field: String) {
        let summary = Summary("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\nX-B: c\r\n\r\n")
        #expect(summary.error == nil)
        #expect(summary.fields == ["Host: a", "X-B: c"])
    }

    @Test(arguments: ["CONNECT a:80 HTTP/1.1", "CONNECT / HTTP/1.1", "TRACE / HTTP/1.1", "TRACE / HTTP/1.0"])
    func `CONNECT and TRACE are refused`(line: String) {
        #expect(Summary(line + "\r\nHost: a\r\n\r\n").error == .methodRefused)
    }

    @Test(arguments: [
        ("http://b/p?q=1", "b", "/p?q=1", "/p"), ("HTTPS://b:81/", "b:81", "/", "/"), ("http://b", "b", "", "/"),
        ("http://b?q=/x", "b", "?q=/x", "/"), ("http://[::1]:8000/p", "[::1]:8000", "/p", "/p"),
    ])
    func `an absolute form overrides Host`(target: String, authority: String, uri: String, path: String) {
        let summary = Summary("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(summary.authority == authority)
        #expect(summary.fields == ["Host: \(authority)"])
        #expect(summary.requestURI == uri)
        #expect(summary.path == path)
    }

    @Test(arguments: [
        "http://", "http:///p", "http://u@b/", "http://u:p@b/", "ftp://b/", "http:/b", "b:80", "b", "?q", "*", "%2Fp",
        "/p#f", "http://b#f", "/é", "http://b:x/",
    ])
    func `any other form of a target is 400`(target: String) {
        #expect(Summary("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").error == .malformedTarget)
    }

    @Test func `only OPTIONS may have the asterisk form`() {
        #expect(Summary("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").path == "*")
    }

    @Test(arguments: [
        "", "a b", "a,b", "a/b", "a:", "a:65536", "a:123456", "a:8x", ":80", "u@a", "[::1", "[]", "[g::1]", "[::1]x",
        "a%41", "é", "a?b", "a\\b", "a..b",
    ])
    func `a malformed Host is 400`(host: String) {
        let error = Summary("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").error
        #expect(error == (host == "a:" ? nil : .malformedHost))
    }

    @Test func `HTTP/1.1 needs a Host, HTTP/1.0 does not`() {
        #expect(Summary("GET / HTTP/1.1\r\n\r\n").error == .missingHost)
        #expect(Summary("GET http://b/ HTTP/1.1\r\n\r\n").error == .missingHost)
        #expect(Summary("GET / HTTP/1.0\r\n\r\n").error == nil)
    }

    @Test(arguments: [
        ("GET / HTTP/2.0", 505), ("PRI * HTTP/2.0", 505), ("GET / HTTP/0.9", 505), ("GET / HTTP/1.2", 200),
        ("GET / http/1.1", 400), ("GET / HTTP/1", 400), ("GET / HTTP/1.", 400), ("GET / HTTP/1.10", 400),
        ("GET / HTTP/01.1", 400), ("GET / HTTP/1,1", 400), ("GET / HTTP/1.1 ", 400), ("GET / XTTP/1.1", 400),
        ("GET /", 400), ("GET", 400), ("GET ", 400), ("GET  / HTTP/1.1", 400), ("GET /  HTTP/1.1", 400),
        (" GET / HTTP/1.1", 400), ("GET\t/ HTTP/1.1", 400), ("GET /\tHTTP/1.1", 400), ("GET / a HTTP/1.1", 400),
        ("G@T / HTTP/1.1", 400), ("get / HTTP/1.1", 200), ("X / HTTP/1.1", 200),
        ("AVERYLONGMETHODNAMETHATNOBODYKNOWS / HTTP/1.1", 501),
    ])
    func `request lines are accepted or refused as a whole`(line: String, status: Int) {
        #expect(Summary(line + "\r\nHost: a\r\n\r\n").status == status)
    }
}
