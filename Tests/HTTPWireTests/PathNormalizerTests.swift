import HTTPWire
import TestSupport
import Testing

@Suite struct PathNormalizerTests {
    @Test(arguments: [
        ("/", "/"), ("/a", "/a"), ("/a/", "/a/"), ("//", "/"), ("///a//b//", "/a/b/"), ("/.", "/"), ("/./", "/"),
        ("/a/.", "/a/"), ("/a/./b", "/a/b"), ("/a/..", "/"), ("/a/../", "/"), ("/a/../b", "/b"), ("/a/b/../c", "/a/c"),
        ("/a/b/..", "/a/"), ("/a/b/../..", "/"), ("/.a", "/.a"), ("/..a", "/..a"), ("/a..", "/a.."), ("/...", "/..."),
        ("/a.", "/a."), ("/.a/../..b/", "/..b/"), ("/a//../b", "/b"), ("/%61", "/a"), ("/%2e", "/"),
        ("/a/%2e%2E/b", "/b"), ("/a%2fb", "/a/b"), ("/a/%2e%2e%2fb", "/b"), ("/%252e", "/%2e"), ("/a%3fb", "/a?b"),
        ("/a%20b", "/a b"), ("/a+b", "/a+b"), ("/%c3%bc", "/ü"), ("/a;b=c/d", "/a;b=c/d"), ("/a\\..\\b", "/a\\..\\b"),
    ])
    func `a path is decoded once, slashes are merged, and dot segments are resolved`(raw: String, path: String) {
        let summary = Summary("GET \(raw)?%00=.. HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(summary.error == nil)
        #expect(summary.path == path)
        #expect(summary.requestURI == "\(raw)?%00=..")
    }

    @Test(arguments: [
        ("//", "//"), ("/a//b", "/a//b"), ("/a//../b", "/a/b"), ("/a//..", "/a/"), ("/a//.", "/a//"), ("/a//", "/a//"),
        ("/./a//b/../", "/a//"), ("///..", "//"), ("/a%2f%2fb", "/a//b"), ("/a/..//b", "//b"),
    ])
    func `slashes are not merged if the rules say so`(raw: String, path: String) throws {
        var parser = RequestParser()
        var head = RequestHead()
        parser.rules.mergesSlashes = false
        _ = try parser.parse(Array("GET \(raw) HTTP/1.0\r\n\r\n".utf8).span, into: &head)
        #expect(String(decoding: head.path, as: UTF8.self) == path)
    }

    @Test(arguments: [
        "/..", "/../", "/../a", "/a/../..", "/a/../../b", "/./..", "//..", "/%2e%2e", "/.%2e/a", "/a/%2e./../b",
        "/a%2f..%2f..",
    ])
    func `a path above the root is 400`(raw: String) {
        let summary = Summary("GET \(raw) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(summary.error == .pathAboveRoot)
        #expect(summary.status == 400)
    }

    @Test(arguments: ["/%00", "/a%00b", "/%", "/%4", "/a%4", "/%4g", "/%g4", "/%%41", "/%u0041", "/% 41"])
    func `an encoded NUL and a malformed encoding are 400`(raw: String) {
        #expect(Summary("GET \(raw) HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
    }

    @Test func `the result never has an empty segment or a dot segment`() {
        var generator = SeededGenerator(seed: 7)
        let pieces = ["/", ".", "..", "a", "%2e", "%2F", "%2f", "//", "b.", "%61"]
        for _ in 0..<5_000 {
            let raw =
                "/"
                + (0..<Int.random(in: 0...8, using: &generator))
                .map { _ in pieces.randomElement(using: &generator)! }.joined()
            let summary = Summary("GET \(raw) HTTP/1.0\r\n\r\n")
            guard summary.error == nil else {
                #expect(summary.error == .pathAboveRoot)
                continue
            }
            #expect(summary.path.hasPrefix("/"))
            let segments = summary.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            #expect(!segments.dropLast().contains(""), "\(raw)")
            #expect(!segments.contains(".") && !segments.contains(".."), "\(raw)")
        }
    }
}
