/// A setting: the name of its environment variable, its default, and its allowed values.
package struct EnvironmentVariable<Value: Sendable>: Sendable {
    package let name: String
    /// The description in `--help`.
    package let summary: String
    package let defaultValue: Value
    /// The default as shown in `--help`; `nil` if there is none.
    package let defaultText: String?
    /// The text that follows "is not" in the error message.
    let expectation: String
    let isSecret: Bool
    let parse: @Sendable (String) -> Value?

    /// The description with the variable's name and the default, for `--help`.
    package var help: String {
        "\(summary) [\(name)\(defaultText.map { "; default: \($0)" } ?? "")]"
    }
}

extension EnvironmentVariable where Value == Int {
    static func integer(_ name: String, _ summary: String, _ defaultValue: Int, in range: ClosedRange<Int>) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: defaultValue, defaultText: "\(defaultValue)",
            expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)", isSecret: false
        ) { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension EnvironmentVariable where Value == Int? {
    static func integer(
        _ name: String, _ summary: String, default defaultText: String, in range: ClosedRange<Int>
    ) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: nil, defaultText: defaultText,
            expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)", isSecret: false
        ) { text in Int(text).flatMap { range.contains($0) ? .some(.some($0)) : .none } }
    }
}

extension EnvironmentVariable where Value == Duration {
    /// A duration: `30`, `0.5` (seconds), `500ms`, `30s`, `15m`, `12h`, `7d`.
    static func time(_ name: String, _ summary: String, _ defaultValue: String, in range: ClosedRange<Double>) -> Self {
        @Sendable func parse(_ text: String) -> Duration? {
            let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]
            let unit = units.first { text.hasSuffix($0.0) } ?? ("", 1)
            let number = text.dropLast(unit.0.count)
            // The initializer of Double also accepts "inf", "nan" and hexadecimal numbers.
            guard number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let value = Double(number),
                range.contains(value * unit.1)
            else { return nil }
            return .seconds(value * unit.1)
        }
        return EnvironmentVariable(
            name: name, summary: summary, defaultValue: parse(defaultValue)!, defaultText: defaultValue,
            expectation:
                "a time from \(shortText(range.lowerBound)) to \(shortText(range.upperBound)) seconds (or 500ms, 15m, 12h, 7d)",
            isSecret: false, parse: { parse($0) })
    }

    private static func shortText(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(number))" : "\(number)"
    }
}

extension EnvironmentVariable where Value == String? {
    static func text(_ name: String, _ summary: String, isSecret: Bool = false) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: nil, defaultText: nil, expectation: "a text", isSecret: isSecret
        ) { $0 }
    }
}

extension EnvironmentVariable where Value == String? {
    /// A secret that clients send in a header.
    static func token(_ name: String, _ summary: String) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: nil, defaultText: nil,
            expectation: "visible ASCII characters without spaces", isSecret: true
        ) { text in text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? .some(text) : .none }
    }
}

extension EnvironmentVariable where Value == String {
    static func text(_ name: String, _ summary: String, _ defaultValue: String) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: defaultValue, defaultText: defaultValue, expectation: "a text",
            isSecret: false
        ) { $0 }
    }
}

extension EnvironmentVariable where Value == [String] {
    static func list(_ name: String, _ summary: String, _ defaultValue: [String]) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: defaultValue,
            defaultText: defaultValue.isEmpty ? nil : defaultValue.joined(separator: ", "),
            expectation: "a list separated by commas", isSecret: false
        ) { items(in: $0) }
    }

    fileprivate static func items(in text: String) -> [String]? {
        let items = text.split { $0 == "," || $0 == " " }.map(String.init)
        return items.isEmpty ? nil : items
    }
}

extension EnvironmentVariable where Value == [String]? {
    static func list(_ name: String, _ summary: String) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: nil, defaultText: nil,
            expectation: "a list separated by commas", isSecret: false
        ) { EnvironmentVariable<[String]>.items(in: $0).map { .some($0) } }
    }
}

extension EnvironmentVariable where Value == UInt32 {
    /// The access mode of a file, in octal.
    static func mode(_ name: String, _ summary: String, _ defaultValue: UInt32) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: defaultValue,
            defaultText: "0" + String(defaultValue, radix: 8), expectation: "an octal access mode from 0 to 0777",
            isSecret: false
        ) { text in
            guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x37).contains($0) }) else {
                return nil
            }
            return UInt32(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
        }
    }
}

extension EnvironmentVariable where Value == Bool {
    static func flag(_ name: String, _ summary: String) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: false, defaultText: nil,
            expectation: "one of 1, 0, true, false",
            isSecret: false
        ) { text in
            switch text {
            case "1", "true", "yes", "on": true
            case "0", "false", "no", "off": false
            default: nil
            }
        }
    }
}

extension EnvironmentVariable where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of the words of an enumeration. Upper-case letters, and `_` instead of `-`, are accepted too.
    static func choice(_ name: String, _ summary: String, _ defaultValue: Value) -> Self {
        EnvironmentVariable(
            name: name, summary: summary, defaultValue: defaultValue, defaultText: defaultValue.rawValue,
            expectation: "one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))", isSecret: false
        ) { text in Value(rawValue: String(text.lowercased().map { $0 == "_" ? "-" : $0 })) }
    }
}
