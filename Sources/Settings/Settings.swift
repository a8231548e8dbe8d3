internal import FoundationEssentials
internal import Glibc

/// Where values come from: an option of the command line, the environment, the `.env` file, the default, in this order.
///
/// A reader of our own: swift-configuration's typed access falls back to the default when a value does not parse,
/// and its errors name no range; here both have to end with one line that names the variable.
package struct Settings: Sendable {
    private let environment: [String: String]
    private let file: [String: String]

    package init(environment: [String: String], file: DotEnv? = nil) {
        self.environment = environment
        self.file = file?.variables ?? [:]
    }

    /// This process's environment, and `.env` in its working folder if there is one.
    package static func load() throws(SettingsError) -> Settings {
        let environment = ProcessInfo.processInfo.environment
        guard access(".env", F_OK) == 0 else { return Settings(environment: environment) }
        guard let data = FileManager.default.contents(atPath: ".env") else {
            throw SettingsError(".env: cannot be read", .configuration)
        }
        return Settings(environment: environment, file: try DotEnv(parsing: String(decoding: data, as: UTF8.self)))
    }

    /// The value of a variable. An empty one counts as not set.
    /// - Parameters:
    ///   - option: the command line's value, which wins.
    ///   - name: the option's name, `--workers`.
    package func value<Value>(
        _ variable: Variable<Value>, option: String? = nil, _ name: String = ""
    ) throws(SettingsError) -> Value {
        if let option {
            guard let value = variable.parse(option) else {
                throw SettingsError(message(name, option, variable), .usage)
            }
            return value
        }
        guard let text = text(of: variable.name) else { return variable.standard }
        guard let value = variable.parse(text) else {
            throw SettingsError(message(variable.name, text, variable), .configuration)
        }
        return value
    }

    /// Whether a variable has a value of its own.
    package func isSet<Value>(_ variable: Variable<Value>) -> Bool { text(of: variable.name) != nil }

    /// The environment for a child process: what `.env` says is in it, under what this process's environment says.
    package var merged: [String: String] { file.merging(environment) { $1 } }

    private func text(of name: String) -> String? {
        for source in [environment, file] {
            if let text = source[name], !text.isEmpty { return text }
        }
        return nil
    }

    private func message<Value>(_ name: String, _ text: String, _ variable: Variable<Value>) -> String {
        "\(name): \(variable.isSecret ? "the value" : Self.shown(text)) is not \(variable.expectation)"
    }

    /// A value in an error: in quotes, on one line, and not endless.
    package static func shown(_ text: some StringProtocol) -> String {
        "\"\(String(text.prefix(200).map { $0.isNewline ? " " : $0 }))\""
    }
}
