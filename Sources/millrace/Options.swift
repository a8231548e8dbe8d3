import ArgumentParser
import Settings

extension ArgumentHelp {
    /// What a variable is for, its name and its default: the help of the option that stands for it.
    static func variable<Value>(_ variable: Variable<Value>, placeholder: String) -> ArgumentHelp {
        ArgumentHelp("\(variable.help)", valueName: placeholder)
    }
}

extension CommandConfiguration {
    /// For the discussion of a subcommand: variables that no option of it stands for.
    static func variables(_ list: [(name: String, help: String)]) -> String {
        "Also from the environment:\n" + list.map { "  \($0.name)  \($0.help)" }.joined(separator: "\n")
    }
}

extension Variable {
    /// For ``CommandConfiguration/variables(_:)``.
    var entry: (name: String, help: String) {
        (name, summary + (standardText.map { " (default: \($0))" } ?? ""))
    }
}
