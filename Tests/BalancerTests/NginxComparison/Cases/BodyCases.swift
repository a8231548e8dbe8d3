/// Request bodies: with a length, chunked, and with both.
enum BodyCases {
    static let stage = Stage(
        name: "bodies", configuration: Stages.dumping("client_max_body_size 1000;"),
        cases: lengths.map { name, value, body in post(name, "Content-Length: \(value)", body) }
            + chunks.map { name, body in post(name, "Transfer-Encoding: chunked", body) }
            + encodings.map {
                post(
                    "Transfer-Encoding \"\(Transcript.printable($0.utf8))\"", "Transfer-Encoding: \($0)",
                    "3\r\nabc\r\n0\r\n\r\n")
            }
            + shapes)

    private static let lengths: [(String, String, String)] = [
        ("a body", "3", "abc"), ("no body", "0", ""), ("a body with a type", "3\r\nContent-Type: a/b", "abc"),
        ("a length with zeros", "003", "abc"), ("a length with blanks", "  3  ", "abc"),
        ("a length with a plus", "+3", "abc"),
        ("a negative length", "-3", "abc"), ("a length in hex", "0x3", "abc"), ("a length with a point", "3.0", "abc"),
        ("a length with letters", "3a", "abc"), ("a list of lengths", "3, 3", "abc"), ("an empty length", "", "abc"),
        ("a length beyond 64 bits", "99999999999999999999", "abc"), ("a length at 63 bits", "9223372036854775807", ""),
        ("the same length twice", "3\r\nContent-Length: 3", "abc"), ("two lengths", "3\r\nContent-Length: 5", "abcde"),
        ("a body at its limit", "1000", "a".times(1000)), ("a body beyond its limit", "1001", "a".times(1001)),
        ("a body far beyond its limit", "100000", "a".times(100_000)),
        ("a length with a bare line feed in the body", "3", "a\nb"),
        ("a length and chunked", "3\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("chunked and a length", "5\r\nTransfer-Encoding: identity", "abcde"),
    ]

    private static let chunks: [(String, String)] = [
        ("one chunk", "3\r\nabc\r\n0\r\n\r\n"), ("two chunks", "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"),
        ("no chunk", "0\r\n\r\n"),
        ("a size in capitals", "A\r\n0123456789\r\n0\r\n\r\n"),
        ("a size in small letters", "a\r\n0123456789\r\n0\r\n\r\n"),
        ("a size with zeros", "0003\r\nabc\r\n000\r\n\r\n"), ("a size with 0x", "0x3\r\nabc\r\n0\r\n\r\n"),
        ("a size with a sign", "+3\r\nabc\r\n0\r\n\r\n"), ("a negative size", "-1\r\nabc\r\n0\r\n\r\n"),
        ("a size that is no number", "x\r\nabc\r\n0\r\n\r\n"), ("an empty size", "\r\nabc\r\n0\r\n\r\n"),
        ("a size with a blank behind", "3 \r\nabc\r\n0\r\n\r\n"),
        ("a size with a blank before", " 3\r\nabc\r\n0\r\n\r\n"),
        ("a size beyond 64 bits", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        ("a size at 63 bits", "7fffffffffffffff\r\nabc"),
        ("an extension", "3;a=b\r\nabc\r\n0\r\n\r\n"), ("an extension in quotes", "3;a=\"b c\"\r\nabc\r\n0\r\n\r\n"),
        ("an extension without a name", "3;\r\nabc\r\n0\r\n\r\n"),
        ("an extension on the last chunk", "3\r\nabc\r\n0;x\r\n\r\n"),
        ("an extension with a bare line feed", "3;a\nabc\r\n0\r\n\r\n"),
        ("a long extension", "3;\("a".times(2000))\r\nabc\r\n0\r\n\r\n"),
        ("a bare line feed after the size", "3\nabc\r\n0\r\n\r\n"),
        ("a bare line feed after the data", "3\r\nabc\n0\r\n\r\n"),
        ("a bare line feed at the end of chunks", "3\r\nabc\r\n0\r\n\n"),
        ("bare line feeds in chunks throughout", "3\nabc\n0\n\n"),
        ("data longer than its size", "3\r\nabcd\r\n0\r\n\r\n"),
        ("data shorter than its size", "4\r\nabc\r\n0\r\n\r\n"),
        ("a trailer", "3\r\nabc\r\n0\r\nX-T: u\r\n\r\n"), ("two trailers", "3\r\nabc\r\n0\r\nX-T: u\r\nX-U: v\r\n\r\n"),
        ("a trailer that smuggles", "3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n"),
        ("a malformed trailer", "3\r\nabc\r\n0\r\n\0\r\n\r\n"),
        ("chunks at the limit", "3e8\r\n\("a".times(1000))\r\n0\r\n\r\n"),
        ("chunks beyond the limit", "3e9\r\n\("a".times(1001))\r\n0\r\n\r\n"),
        ("many chunks beyond the limit", "64\r\n\("a".times(100))\r\n".times(11) + "0\r\n\r\n"),
        ("many small chunks", "1\r\na\r\n".times(200) + "0\r\n\r\n"),
    ]

    private static let encodings = [
        "gzip", "identity", "gzip, chunked", "chunked, gzip", "chunked, chunked", "CHUNKED", " chunked ", "xchunked",
        "chunkedx",
        "\"chunked\"", "", "chunked\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: identity",
        "\u{b}chunked",
    ]

    private static let shapes: [Case] = [
        .raw("POST without a length", Case.request("POST", "/dump", [])),
        .raw("GET with a body", Case.request("GET", "/dump", ["Content-Length: 3"], body: "abc")),
        .raw("HEAD with a body", Case.request("HEAD", "/dump", ["Content-Length: 3"], body: "abc")),
        .raw("DELETE with a body", Case.request("DELETE", "/dump", ["Content-Length: 3"], body: "abc")),
        .raw(
            "OPTIONS with a chunked body",
            Case.request("OPTIONS", "/dump", ["Transfer-Encoding: chunked"], body: "1\r\na\r\n0\r\n\r\n")),
        .raw("chunked in HTTP/1.0", "POST /dump HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .raw("a length in HTTP/1.0", "POST /dump HTTP/1.0\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc"),
        .raw("a body in pieces", Case.request("POST", "/dump", ["Content-Length: 6"]), "ab", "cd", "ef"),
        .raw(
            "chunks in pieces", Case.request("POST", "/dump", ["Transfer-Encoding: chunked"]), "3\r", "\nab", "c\r\n0",
            "\r\n\r\n"),
        .raw("100-continue", Case.request("POST", "/dump", ["Expect: 100-continue", "Content-Length: 3"]), "abc"),
        .raw(
            "100-continue in capitals", Case.request("POST", "/dump", ["Expect: 100-CONTINUE", "Content-Length: 3"]),
            "abc"),
        .raw(
            "100-continue chunked",
            Case.request("POST", "/dump", ["Expect: 100-continue", "Transfer-Encoding: chunked"]), "0\r\n\r\n"),
        .raw(
            "100-continue with the body at once",
            Case.request("POST", "/dump", ["Expect: 100-continue", "Content-Length: 3"], body: "abc")),
        .raw(
            "100-continue without a body", Case.request("POST", "/dump", ["Expect: 100-continue", "Content-Length: 0"])),
        .raw(
            "100-continue in HTTP/1.0",
            "POST /dump HTTP/1.0\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", "abc"),
        .raw(
            "100-continue for a body beyond the limit",
            Case.request("POST", "/dump", ["Expect: 100-continue", "Content-Length: 5000"])),
        .raw("two POSTs at once", Case.request("POST", "/dump", ["Content-Length: 3"], body: "abc").times(2)),
        .raw(
            "POST and a request within its body",
            Case.request("POST", "/dump", ["Content-Length: 38"], body: "GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n")),
        .raw(
            "a body that does not come", Case.request("POST", "/dump", ["Content-Length: 9"], body: "abc"),
            isUnended: true),
        .raw(
            "a chunk that does not come",
            Case.request("POST", "/dump", ["Transfer-Encoding: chunked"], body: "9\r\nabc"), isUnended: true),
        .raw("a body that nobody reads", Case.request("POST", "/last", ["Content-Length: 3"], body: "abc")),
        .raw(
            "chunks that nobody reads",
            Case.request("POST", "/last", ["Transfer-Encoding: chunked"], body: "1\r\na\r\n0\r\n\r\n")),
    ]

    private static func post(_ name: String, _ fields: String, _ body: String) -> Case {
        .raw(name, Case.request("POST", "/dump", [fields], body: body))
    }
}
