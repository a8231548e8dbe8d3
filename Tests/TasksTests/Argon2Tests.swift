import Bytes
import JSON
import Testing

@testable import Tasks

@Suite struct `Argon2id hashes` {
    struct Vector: Sendable {
        var timeCost: Int
        var memoryCost: Int
        var parallelism: Int
        var text: String
        var salt: String
        var hex: String
        var hash: String
    }

    /// The Argon2id vectors of libargon2's own test program, version 0x13.
    static let vectors = [
        Vector(
            timeCost: 2, memoryCost: 65536, parallelism: 1, text: "password", salt: "somesalt",
            hex: "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7",
            hash: "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
        Vector(
            timeCost: 2, memoryCost: 256, parallelism: 1, text: "password", salt: "somesalt",
            hex: "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
            hash: "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
        Vector(
            timeCost: 2, memoryCost: 256, parallelism: 2, text: "password", salt: "somesalt",
            hex: "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037",
            hash: "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"),
        Vector(
            timeCost: 1, memoryCost: 65536, parallelism: 1, text: "password", salt: "somesalt",
            hex: "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98",
            hash: "9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg"),
        Vector(
            timeCost: 4, memoryCost: 65536, parallelism: 1, text: "password", salt: "somesalt",
            hex: "9025d48e68ef7395cca9079da4c4ec3affb3c8911fe4f86d1a2520856f63172c",
            hash: "kCXUjmjvc5XMqQedpMTsOv+zyJEf5PhtGiUghW9jFyw"),
        Vector(
            timeCost: 2, memoryCost: 65536, parallelism: 1, text: "differentpassword", salt: "somesalt",
            hex: "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde",
            hash: "C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94"),
        Vector(
            timeCost: 2, memoryCost: 65536, parallelism: 1, text: "password", salt: "diffsalt",
            hex: "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c",
            hash: "vfMrBczELrFdWP0ZsfhWsRPaHppYdP3MVEMIVlqoFBw"),
    ]

    @Test(arguments: vectors)
    func `the hashes are those of libargon2's test vectors`(vector: Vector) throws {
        let result = try compute(
            "argon2",
            [
                "string": .string(vector.text), "salt": .string(Base64.encode(Array(vector.salt.utf8))),
                "time_cost": .integer(Int64(vector.timeCost)), "memory_cost": .integer(Int64(vector.memoryCost)),
                "parallelism": .integer(Int64(vector.parallelism)),
            ])
        let parameters = "m=\(vector.memoryCost),t=\(vector.timeCost),p=\(vector.parallelism)"
        let salt = Base64.encode(Array(vector.salt.utf8), isPadded: false)
        #expect(result["hash"] == .string("$argon2id$v=19$\(parameters)$\(salt)$\(vector.hash)"))
        #expect(Hex.encode(try #require(Base64.decode(vector.hash.utf8))) == vector.hex)
    }

    @Test func `without a salt every hash has a different random salt of 16 bytes`() throws {
        let input: JSONValue = ["string": "password", "time_cost": 1, "memory_cost": 32]
        let first = try #require(try compute("argon2", input)["hash"]?.stringValue)
        let second = try #require(try compute("argon2", input)["hash"]?.stringValue)
        #expect(first != second)
        #expect(first.hasPrefix("$argon2id$v=19$m=32,t=1,p=4$"))
        #expect(Base64.decode(first.split(separator: "$")[3].utf8)?.count == 16)
    }

    @Test func `only a given salt makes the result cacheable`() throws {
        let argon2 = try #require(TaskRegistry.builtIn.definition(named: "argon2"))
        #expect(try argon2.prepare(["string": "x"]).isCacheable == false)
        #expect(try argon2.prepare(["string": "x", "salt": "c29tZXNhbHQ="]).isCacheable)
    }

    @Test func `the defaults are those of the contract`() throws {
        let argon2 = try #require(TaskRegistry.builtIn.definition(named: "argon2"))
        let input = try argon2.prepare(["string": "x"]).input
        #expect(
            String(decoding: input, as: UTF8.self)
                == #"{"memory_cost":65536,"parallelism":4,"string":"x","time_cost":3}"#)
    }

    @Test func `memory must be eight times the parallelism`() throws {
        let argon2 = try #require(TaskRegistry.builtIn.definition(named: "argon2"))
        #expect(
            throws: InvalidInput.invalid(
                member: "memory_cost", reason: "must be at least 128, 8 times the parallelism")
        ) {
            try argon2.prepare(["string": "x", "memory_cost": 127, "parallelism": 16])
        }
        _ = try argon2.prepare(["string": "x", "memory_cost": 128, "parallelism": 16])
    }

    @Test func `a salt is 8 to 64 bytes of base64, padded or not`() throws {
        let argon2 = try #require(TaskRegistry.builtIn.definition(named: "argon2"))
        let wrong = [
            "", "c29tZXNhbA==", "not base64!", "c29tZXNhbHQ==", "c29tZX\nNhbHQ=", "=", "A",
            Base64.encode(Array(repeating: 0, count: 65)),
        ]
        for salt in wrong {
            #expect(
                throws: InvalidInput.invalid(member: "salt", reason: "must be 8 to 64 bytes in base64"), "\(salt)"
            ) {
                try argon2.prepare(["string": "x", "salt": .string(salt)])
            }
        }
        _ = try argon2.prepare(["string": "x", "salt": .string(Base64.encode(Array(repeating: 0, count: 64)))])
        let padded = try argon2.prepare(["string": "x", "salt": "c29tZXNhbHQ="])
        #expect(try argon2.prepare(["string": "x", "salt": "c29tZXNhbHQ"]) == padded)
    }
}
