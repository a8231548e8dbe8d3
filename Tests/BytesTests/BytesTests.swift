import Bytes
import Testing

@Suite("ASCII")
struct ASCIITests {
    @Test("Each predicate is true for the bytes of its grammar, and false for all others")
    func predicates() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let isASCII = byte < 0x80
            #expect(byte.isDigit == (isASCII && character.isNumber))
            #expect(byte.isLetter == (isASCII && character.isLetter))
            #expect(byte.isBlank == " \t".contains(character))
            #expect(byte.isControl == (byte < 32 || byte == 127))
            #expect(byte.isVisible == (33...126).contains(byte))
            #expect(byte.isToken == (byte.isDigit || byte.isLetter || "!#$%&'*+-.^_`|~".contains(character)))
        }
    }

    @Test("Only ASCII letters change their case")
    func letterCase() {
        for byte in UInt8.min...UInt8.max {
            let text = String(Unicode.Scalar(byte))
            #expect(byte.lowercased == (byte.isLetter ? text.lowercased().utf8.first : byte))
            #expect(byte.uppercased == (byte.isLetter ? text.uppercased().utf8.first : byte))
        }
        #expect("X-Y_É".utf8.lowercasedASCII == Array("x-y_É".utf8))
        #expect("Basic".utf8.isEqual(ignoringCase: "bASIC".utf8))
        #expect(!"Basic".utf8.isEqual(ignoringCase: "basi".utf8))
        #expect(!"@".utf8.isEqual(ignoringCase: "`".utf8), "they differ by the bit that tells a letter's case")
    }
}

@Suite("Hexadecimal digits")
struct HexTests {
    @Test("A digit that is written can be read again, and other characters are refused")
    func roundTrip() {
        #expect(Hex.encode([0x00, 0x9A, 0xFF]) == "009aff")
        for value in UInt8(0)..<16 {
            #expect(Hex.digit(value).hexValue == value)
            #expect(Hex.capitalDigit(value).hexValue == value)
        }
        #expect("/:@G`g ".utf8.allSatisfy { $0.hexValue == nil })
        var text: [UInt8] = []
        text.append(capitalHex: 0x0B)
        #expect(text == Array("0B".utf8))
    }
}

@Suite("Percent coding")
struct PercentCodingTests {
    @Test(
        "Percent codes are decoded, and malformed ones are refused",
        arguments: [
            ("a/b", "a/b"), ("a%2Fb", "a/b"), ("%2f%2F", "//"), ("a+b", "a+b"), ("", ""), ("%", nil), ("%2", nil),
            ("%2g", nil), ("%+f", nil), ("%%41", nil),
        ] as [(String, String?)])
    func decode(_ text: String, _ decoded: String?) {
        #expect(PercentCoding.decode(text.utf8) == decoded.map { Array($0.utf8) })
    }

    @Test("In forms, a plus is decoded as a space")
    func plus() {
        #expect(PercentCoding.decode("a+b%2B".utf8, plusIsSpace: true) == Array("a b+".utf8))
    }

    @Test("Bytes that are encoded and decoded are the same")
    func roundTrip() {
        let bytes = Array(UInt8.min...UInt8.max)
        let text = PercentCoding.encode(bytes) { $0.isLetter }
        #expect(text.allSatisfy { $0.isVisible })
        #expect(PercentCoding.decode(text) == bytes)
        #expect(PercentCoding.encode("a é".utf8) { $0.isLetter } == Array("a%20%C3%A9".utf8))
    }
}

@Suite("Base64")
struct Base64Tests {
    /// RFC 4648, section 10.
    @Test(
        "The examples of RFC 4648 are encoded and decoded",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func examples(_ text: String, _ encoded: String) {
        let unpadded = encoded.prefix { $0 != "=" }
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.encode(Array(text.utf8), isPadded: false) == unpadded)
        #expect(Base64.decode(encoded.utf8) == Array(text.utf8))
        #expect(Base64.decode(unpadded.utf8) == Array(text.utf8))
    }

    @Test(
        "Malformed texts are refused",
        arguments: ["Z", "Zg=", "Zg===", "Zg==Zg==", "Zm9v=", "Zm9v====", "Zm 9", "Zm9-"])
    func refused(_ text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test("Every byte is the same after encoding and decoding")
    func roundTrip() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(Base64.decode(Base64.encode(bytes).utf8) == bytes)
        #expect(Base64.encode([0xFB, 0xEF, 0xFF]) == "++//")
    }
}

@Suite("Search")
struct SearchTests {
    @Test("The first match is found at every position of a range of any length, and none before the range")
    func everyPlace() {
        var random = SystemRandomNumberGenerator()
        for count in 0..<40 {
            for start in 0...min(count, 9) {
                // The search must not find these bytes. Most differ by 1 or by one bit from a byte that it must find.
                // So they would show an error in the code that tests 8 bytes at once.
                let plain: [UInt8] = [0x20, 0x21, 0x7E, 0x80, 0x81, 0xA0, 0xFF, UInt8(ascii: "a")]
                var bytes = (0..<count).map { _ in plain.randomElement(using: &random)! }
                #expect(bytes.span.firstControl(in: start..<count) == nil)
                #expect(bytes.span.firstIndex(of: ASCII.lineFeed, in: start..<count) == nil)
                for place in 0..<count {
                    let other = bytes[place]
                    for byte in [0, 1, ASCII.tab, ASCII.lineFeed, 0x1F, ASCII.delete] as [UInt8] {
                        bytes[place] = byte
                        let expected = place >= start ? place : nil
                        #expect(bytes.span.firstControl(in: start..<count) == expected)
                        #expect(bytes.span.firstIndex(of: byte, in: start..<count) == expected)
                    }
                    bytes[place] = other
                }
            }
        }
    }

    @Test("The first match is found in random bytes")
    func random() {
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...48)).map { _ in UInt8.random(in: 0...255) }
            let range = Int.random(in: 0...bytes.count)..<bytes.count
            let byte = UInt8.random(in: 0...255)
            #expect(bytes.span.firstControl(in: range) == bytes[range].firstIndex { $0 < 0x20 || $0 == 0x7F })
            #expect(bytes.span.firstIndex(of: byte, in: range) == bytes[range].firstIndex(of: byte))
        }
    }
}
