/// An invalid setting. The description is one line with the name of the variable or option, and without secrets.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    /// The exit code of the process (sysexits.h).
    package enum Code: Int32, Sendable {
        /// EX_USAGE: an option is invalid.
        case usage = 64
        /// EX_CONFIG: a variable or a file is invalid.
        case configuration = 78
    }

    package let description: String
    package let code: Code

    package init(_ description: String, _ code: Code) {
        self.description = description
        self.code = code
    }
}

extension SettingsError {
    /// Reports a value that the caller has found to be invalid.
    /// - Parameters:
    ///   - option: the option that the value came from; `nil` if it came from the variable.
    ///   - reason: what is wrong, without secrets.
    package init<Value>(_ variable: EnvironmentVariable<Value>, option: String? = nil, _ reason: String) {
        self.init("\(option ?? variable.name): \(reason)", option == nil ? .configuration : .usage)
    }
}
