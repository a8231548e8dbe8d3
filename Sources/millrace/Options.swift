import ArgumentParser
import Settings

extension ArgumentHelp {
    /// The help of an option that overrides a variable: the variable's description, name and default.
    static func variable<Value>(_ variable: EnvironmentVariable<Value>, placeholder: String) -> ArgumentHelp {
        ArgumentHelp("\(variable.help)", valueName: placeholder)
    }
}

extension CommandConfiguration {
    /// A text for the help of a subcommand (its "discussion"): the variables that have no option.
    static func variables(_ list: [(name: String, help: String)]) -> String {
        "Environment variables without an option:\n"
            + list.map { "  \($0.name)\n\(indented($0.help))" }.joined(separator: "\n")
    }

    /// Wraps the text at 80 columns, as ArgumentParser does, but with an indentation.
    private static func indented(_ text: String) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let line = lines.last, line.count + 1 + word.count <= 74 {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.map { "      \($0)" }.joined(separator: "\n")
    }
}

extension EnvironmentVariable {
    /// What ``CommandConfiguration/variables(_:)`` shows of this variable.
    var entry: (name: String, help: String) {
        (name, summary + (defaultText.map { " (default: \($0))" } ?? ""))
    }
}
