import JSON
import Testing

@testable import Tasks

@Suite struct `Registry` {
    @Test func `every type is found by its name, which can be part of a path`() {
        for definition in TaskRegistry.builtIn.all {
            #expect(TaskRegistry.builtIn.definition(named: definition.name)?.name == definition.name)
            #expect(
                definition.name.utf8.allSatisfy {
                    (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
                })
        }
        #expect(TaskRegistry.builtIn.names == ["md5", "sha256", "argon2", "primes"])
        #expect(TaskRegistry.builtIn.hashes.map(\.name) == ["md5", "sha256", "argon2"])
        #expect(TaskRegistry.builtIn.definition(named: "nothing") == nil)
    }

    @Test func `the schema of an input describes what is checked`() throws {
        let argon2 = try #require(TaskRegistry.builtIn.definition(named: "argon2"))
        #expect(argon2.inputSchema["type"] == "object")
        #expect(argon2.inputSchema["required"] == ["string"])
        #expect(argon2.inputSchema["additionalProperties"] == false)
        let members = try #require(argon2.inputSchema["properties"]?.objectValue)
        #expect(members["time_cost"]?["minimum"] == 1)
        #expect(members["time_cost"]?["maximum"] == 16)
        #expect(members["time_cost"]?["default"] == 3)
        #expect(members["memory_cost"]?["maximum"] == 262_144)
        #expect(members["string"]?["maxLength"] == 1_048_576)
        #expect(members["salt"]?["contentEncoding"] == "base64")
        #expect(members["salt"]?["minLength"] == 11)
        #expect(members["salt"]?["maxLength"] == 88)
    }

    @Test func `every result has the members of its schema`() throws {
        for definition in TaskRegistry.builtIn.all {
            let result = try compute(definition.name, definition.exampleInput)
            let schema = try #require(definition.resultSchema["properties"]?.objectValue)
            #expect(try Set(#require(result.objectValue).keys) == Set(schema.keys))
            #expect(definition.resultSchema["required"]?.arrayValue?.count == schema.count)
        }
    }

    @Test func `one argument of a command line is the first member`() throws {
        let primes = try #require(TaskRegistry.builtIn.definition(named: "primes"))
        let md5 = try #require(TaskRegistry.builtIn.definition(named: "md5"))
        #expect(primes.input(argument: "100") == ["below": 100])
        #expect(primes.input(argument: "many") == ["below": "many"])
        #expect(md5.input(argument: "100") == ["string": "100"])
    }
}
