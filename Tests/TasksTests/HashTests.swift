import JSON
import Testing

@testable import Tasks

func compute(_ type: String, _ input: JSONValue) throws -> JSONValue {
    let definition = try #require(TaskRegistry.builtIn.definition(named: type))
    let prepared = try definition.prepare(input)
    return try JSONValue(parsing: definition.run(prepared.input))
}

@Suite struct `MD5 and SHA-256` {
    /// RFC 1321, appendix A.5.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"
        ),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ])
    func `MD5 gives the digests of RFC 1321`(text: String, digest: String) throws {
        #expect(try compute("md5", ["string": .string(text)])["hash"] == .string(digest))
    }

    /// FIPS 180-2, appendix B, and NIST's example values for the 896-bit message and for the empty message.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func `SHA-256 gives the digests of FIPS 180 and NIST`(text: String, digest: String) throws {
        #expect(try compute("sha256", ["string": .string(text)])["hash"] == .string(digest))
    }

    @Test func `a text is hashed as UTF-8, including zero bytes`() throws {
        let hash = try compute("sha256", ["string": "é\u{0}"])["hash"]
        // From printf 'é\0' | sha256sum
        #expect(hash == "6133f2d2dc6cad8dbbfc80f0fb587d3e61469954c82d906cce85239e4c6c8bbd")
    }

    @Test func `a result has the members of the contract`() throws {
        let result = try compute("md5", ["string": "abc"])
        #expect(Set(try #require(result.objectValue).keys) == ["algorithm", "hash", "execution_time_seconds"])
        #expect(result["algorithm"] == "md5")
        let seconds = try #require(result["execution_time_seconds"]?.numberValue)
        #expect(seconds >= 0 && seconds < 10)
    }
}
