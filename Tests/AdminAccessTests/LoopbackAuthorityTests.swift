import AdminAccess
import Testing

struct LoopbackAuthorityTests {
    @Test(arguments: [
        "localhost", "LOCALHOST:8000", "millrace.localhost:8000", "127.0.0.1", "127.0.0.1:8000", "127.1.2.3:80",
        "[::1]",
        "[::1]:8000", "[::ffff:127.0.0.1]:80",
    ])
    func `these authorities mean this machine`(authority: String) { #expect(LoopbackAuthority.matches(authority)) }

    @Test(arguments: [
        "", ":8000", "evil.example", "evil.example:8000", "localhost.evil.example", "notlocalhost",
        "127.0.0.1.evil.example",
        "10.0.0.1:8000", "[::2]:8000", "::1", "[::1", "[127.0.0.1]", "[::1]x", "localhost:", "localhost:x",
        "0.0.0.0:8000",
        "localhost@evil.example", "127.1",
    ])
    func `these authorities do not mean this machine`(authority: String) {
        #expect(!LoopbackAuthority.matches(authority))
    }
}
