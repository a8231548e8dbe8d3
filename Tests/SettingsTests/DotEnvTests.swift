import Settings
import Testing

struct DotEnvTests {
    @Test(arguments: [
        ("A=b", "b"), ("A=", ""), ("  A = b  ", nil), ("export A=b", "b"), ("A=b # c", "b"), ("A=b#c", "b#c"),
        ("A=#c", ""), ("A='b # $c'", "b # $c"), (#"A="b\n\"c\" \$d \x""#, "b\n\"c\" $d \\x"), ("A='b' # c", "b"),
        ("# A=b\nA=c", "c"), ("A=b\r\n", "b"), ("A=b=c", "b=c"), ("A= b", "b"), ("A=a\nA=b", "b"),
    ])
    func `values are parsed as in docker compose`(text: String, expected: String?) throws {
        guard let expected else {
            #expect(throws: SettingsError.self) { try DotEnv(parsing: text) }
            return
        }
        #expect(try DotEnv(parsing: text).variables == ["A": expected])
    }

    @Test(arguments: [
        ("A", ".env:1: this line is not NAME=value"), ("\n1A=b", ".env:2: this line is not NAME=value"),
        ("A='secret", ".env:1: the value of A does not end with its quote"),
        ("A=\"x\" y", ".env:1: the value of A does not end with its quote"),
    ])
    func `an invalid line is reported by its number, without its value`(text: String, message: String) {
        let error = #expect(throws: SettingsError.self) { try DotEnv(parsing: text) }
        #expect(error?.description == message)
    }
}
