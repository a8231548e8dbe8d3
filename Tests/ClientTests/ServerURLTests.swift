import Client
import Testing

@Suite struct ServerURLTests {
    @Test(
        arguments: [
            ("http://127.0.0.1:8000", "127.0.0.1", 8000, "127.0.0.1:8000", ""), ("http://host", "host", 80, "host", ""),
            ("HTTP://host/", "host", 80, "host", ""), ("http://host:81/a/b/", "host", 81, "host:81", "/a/b"),
            ("http://[::1]:9/x", "::1", 9, "[::1]:9", "/x"), ("http://[::1]", "::1", 80, "[::1]", ""),
        ] as [(String, String, UInt16, String, String)])
    func `a URL is host, port and prefix`(
        text: String, host: String, port: UInt16, authority: String, prefix: String
    ) throws {
        let url = try ServerURL(text)
        #expect(url.address == .tcp(host: host, port: port))
        #expect(url.authority == authority)
        #expect(url.prefix == prefix)
    }

    @Test func `a unix socket is a valid address`() throws {
        #expect(try ServerURL("unix:/run/a.sock").address == .unix(path: "/run/a.sock"))
    }

    @Test(arguments: [
        "", "host:80", "http:/host", "https://host", "ftp://host", "http://", "http:///a", "http://host:",
        "http://host:x",
        "http://host:65536", "http://u@host", "http://host/?q", "http://host/#f", "http://[::1", "http://::1",
        "http://h/a b",
        "http://h h/",
    ])
    func `anything else is refused with a reason`(text: String) {
        let error = #expect(throws: ClientError.self) { try ServerURL(text) }
        #expect(error.map { "\($0)".contains("is not a server's URL: ") } == true)
    }

    @Test func `an address is parsed and printed the same way`() {
        for text in ["127.0.0.1:80", "[::1]:80", "localhost:1", "unix:/a/b"] {
            #expect(ServerAddress(text)?.description == text)
        }
        #expect(ServerAddress("localhost") == nil)
        #expect(ServerAddress(":80") == nil)
    }
}
