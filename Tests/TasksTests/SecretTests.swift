import Bytes
import Testing

@testable import Tasks

@Suite struct `Secrets` {
    /// From `printf 'md5\0{}' | openssl dgst -sha256 -hmac key`.
    @Test func `a cache key is the keyed digest of type and input`() {
        let key = CacheKey(KeyedDigest(secret: Array("key".utf8)), type: "md5", input: Array("{}".utf8))
        #expect(Hex.encode(key.bytes) == "a8eb881090d9173f94d1c579c7736fd26111c4312ae670c527f14af2c56e83f8")
    }

    @Test func `cache keys depend on secret, type and input`() {
        let one = KeyedDigest(secret: [1])
        let keys: Set = [
            CacheKey(one, type: "a", input: [2]), CacheKey(KeyedDigest(secret: [2]), type: "a", input: [2]),
            CacheKey(one, type: "b", input: [2]), CacheKey(one, type: "a", input: [3]),
            CacheKey(one, type: "", input: [97, 2]),
        ]
        #expect(keys.count == 5)
    }

    @Test func `random bytes differ`() {
        #expect(RandomBytes.make(32).count == 32)
        #expect(RandomBytes.make(32) != RandomBytes.make(32))
        #expect(RandomBytes.make(0).isEmpty)
    }
}
