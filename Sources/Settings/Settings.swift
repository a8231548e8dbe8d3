internal import FoundationEssentials
internal import Glibc

/// Reads settings. The first source that has a value is used: the command-line option, the environment, the `.env`
/// file, the default.
///
/// The package swift-configuration is not used: it silently uses the default if a value cannot be parsed, and its
/// errors do not name the allowed range. Here an invalid value is an error with the variable's name.
package struct Settings: Sendable {
    private let environment: [String: String]
    private let file: [String: String]

    package init(environment: [String: String], file: DotEnv? = nil) {
        self.environment = environment
        self.file = file?.variables ?? [:]
    }

    /// Reads this process's environment and the file `.env` in its working folder, if it exists.
    package static func load() throws(SettingsError) -> Settings {
        let environment = ProcessInfo.processInfo.environment
        guard access(".env", F_OK) == 0 else { return Settings(environment: environment) }
        guard let data = FileManager.default.contents(atPath: ".env") else {
            throw SettingsError(".env: cannot be read", .configuration)
        }
        return Settings(environment: environment, file: try DotEnv(parsing: String(decoding: data, as: UTF8.self)))
    }

    /// The value of a variable. An empty value counts as not set.
    /// - Parameters:
    ///   - option: the value from the command line. It overrides the variable.
    ///   - name: the option's name, for example `--workers`.
    package func value<Value>(
        _ variable: EnvironmentVariable<Value>, option: String? = nil, _ name: String = ""
    ) throws(SettingsError) -> Value {
        if let option {
            guard let value = variable.parse(option) else {
                throw SettingsError(message(name, option, variable), .usage)
            }
            return value
        }
        guard let text = text(of: variable.name) else { return variable.defaultValue }
        guard let value = variable.parse(text) else {
            throw SettingsError(message(variable.name, text, variable), .configuration)
        }
        return value
    }

    /// The environment for a child process: the variables of `.env`, and those of this process's environment. The
    /// environment overrides `.env`.
    package var merged: [String: String] { file.merging(environment) { $1 } }

    private func text(of name: String) -> String? {
        for source in [environment, file] {
            if let text = source[name], !text.isEmpty { return text }
        }
        return nil
    }

    private func message<Value>(_ name: String, _ text: String, _ variable: EnvironmentVariable<Value>) -> String {
        "\(name): \(variable.isSecret ? "the value" : Self.shown(text)) is not \(variable.expectation)"
    }

    /// A value for an error message: in quotes, on one line, with at most 200 characters.
    package static func shown(_ text: some StringProtocol) -> String {
        "\"\(String(text.prefix(200).map { $0.isNewline ? " " : $0 }))\""
    }
}
