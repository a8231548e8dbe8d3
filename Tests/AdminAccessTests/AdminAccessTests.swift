import AdminAccess
import Testing

@Suite struct `Access to administrative calls` {
    private func denial(token: String?, _ authorization: String?) -> AdminAccess.Denial? {
        AdminAccess(token: token).denial(authorization: authorization)
    }

    @Test func `only a client that sends the token gets access`() {
        #expect(denial(token: "secret", nil) == .badToken)
        for wrong in ["Bearer secrex", "Bearer", "Bearer ", "Bearer secret1", "Basic secret", "secret", ""] {
            #expect(denial(token: "secret", wrong) == .badToken, "\(wrong)")
        }
        for right in ["Bearer secret", "bearer  secret"] { #expect(denial(token: "secret", right) == nil) }
    }

    @Test func `without a token nobody gets access, and an empty token is no token`() {
        for token in [nil, ""] {
            for authorization in [nil, "Bearer ", "Bearer x"] {
                #expect(denial(token: token, authorization) == .notConfigured)
            }
        }
    }

    @Test func `each denial has its status, and says what to do`() {
        #expect(AdminAccess.Denial.notConfigured.status == 403)
        #expect(AdminAccess.Denial.notConfigured.challenge == nil)
        #expect(AdminAccess.Denial.badToken.status == 401)
        #expect(AdminAccess.Denial.badToken.challenge == "Bearer")
        for denial in [AdminAccess.Denial.notConfigured, .badToken] {
            #expect(denial.detail.contains("MILLRACE_ADMIN_TOKEN"))
        }
    }

    @Test func `a new token is 256 bits, and is read back from its header line`() throws {
        let tokens = Set((0..<100).map { _ in AdminToken.random() })
        #expect(tokens.count == 100)
        for token in tokens {
            #expect(token.value.utf8.count == 64)
            #expect(token.headerLine == "Authorization: Bearer \(token.value)\n")
            #expect(AdminToken(headerLine: token.headerLine) == token)
            #expect(denial(token: token.value, "Bearer \(token.value)") == nil)
        }
    }

    @Test(arguments: [
        "", "\n", "secret", "Authorization: Bearer ", "Authorization: Bearer \n", "Authorization: Basic abc",
        "Authorization: Bearer a b", "Authorization: Bearer a\nX-Other: b\n", "Authorization: Bearer a\r\n",
        "Authorization: Bearer ä",
    ])
    func `a text that is not exactly one header line is no token`(text: String) {
        #expect(AdminToken(headerLine: text) == nil)
    }

    @Test func `secrets are compared by their contents`() {
        #expect(SecureCompare.equal(Array("token".utf8), Array("token".utf8)))
        for other in ["tokem", "tokens", "toke", "", "Token"] {
            #expect(!SecureCompare.equal(Array("token".utf8), Array(other.utf8)))
        }
        #expect(SecureCompare.equal([], []))
    }
}
