import AdminAccess
import Testing

@Suite struct `Access to administrative calls` {
    private func denial(
        token: String? = nil, local: Bool = true, authorization: String? = nil, host: String? = nil,
        origin: String? = nil
    ) -> AdminAccess.Denial? {
        AdminAccess(token: token).denial(
            of: .init(isFromThisMachine: local, authorization: authorization, host: host, origin: origin))
    }

    @Test func `if a token is configured, only the token counts`() {
        #expect(denial(token: "secret") == .noToken)
        for wrong in ["Bearer secrex", "Bearer", "Bearer ", "Bearer secret1", "Basic secret", "secret", ""] {
            #expect(denial(token: "secret", authorization: wrong) == .noToken, "\(wrong)")
        }
        #expect(
            denial(
                token: "secret", local: false, authorization: "bearer  secret", host: "evil.example",
                origin: "https://console.example") == nil)
    }

    @Test func `an empty token means no token`() {
        #expect(denial(token: "", local: true) == nil)
        #expect(denial(token: "", local: false, authorization: "Bearer ") == .otherMachine)
    }

    @Test func `without a token, calls from another machine are refused`() {
        #expect(denial(local: false, host: "localhost") == .otherMachine)
        #expect(denial() == nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:8000", "127.0.0.1:8000"), ("https://[::1]:8000", "[::1]:8000"),
        ("http://LOCALHOST:8000", "localhost:8000"), ("http://a.localhost", "a.localhost"),
    ])
    func `without a token, calls from a page of this machine are allowed`(origin: String, host: String) {
        #expect(denial(host: host, origin: origin) == nil)
    }

    @Test(arguments: ["http://127.0.0.1:8001", "null", "http://evil.example", "", "http://"])
    func `without a token, calls from a page of another site are refused`(origin: String) {
        #expect(denial(host: "127.0.0.1:8000", origin: origin) == .otherSite)
        #expect(denial(host: nil, origin: origin) == .otherSite)
    }

    @Test(arguments: ["evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", ""])
    func `DNS rebinding is refused, also if the browser sends no Origin`(host: String) {
        #expect(denial(host: host, origin: "http://\(host)") == .otherName)
        #expect(denial(host: host) == .otherName)
    }

    @Test func `secrets are compared by their contents`() {
        #expect(SecureCompare.equal(Array("token".utf8), Array("token".utf8)))
        for other in ["tokem", "tokens", "toke", "", "Token"] {
            #expect(!SecureCompare.equal(Array("token".utf8), Array(other.utf8)))
        }
        #expect(SecureCompare.equal([], []))
    }
}
